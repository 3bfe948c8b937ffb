import type { RecoveryEvent, Stretch } from '../event.ts'
import { durationText } from './amounts.ts'
import type { ComposeContext, Draft } from './draft.ts'
import { runFacts } from './run-message.ts'
import type { Words } from './words.ts'
import { workOf } from './work.ts'
import { isMaintenanceTask } from '../../maintenance/task.ts'

export function recoveryMessage({ recovered, report, at }: RecoveryEvent, context: ComposeContext): Draft {
  const { words, language } = context
  const isPartly = report !== undefined && report.outcome !== 'succeeded'
  return {
    tone: 'good',
    subject: words.subject.recovery(isPartly ? partsOf(recovered, words) : workOf(recovered.map(jobOf), words)),
    lead: words.sentences([words.lead.recovery(), ...(isPartly ? [words.lead.notAll()] : [])]),
    items: recovered.map((stretch) => ({
      tone: 'good',
      title: subjectTitle(stretch, words),
      text: words.item.over(stretch.condition, durationText((stretch.until ?? at) - stretch.since, language)),
    })),
    facts: report ? runFacts(report, context) : [],
  }
}

/** The parts of jobs, or the repositories of a task, that stretches are about. */
function partsOf(stretches: readonly Stretch[], words: Words): string {
  const [first = '', ...others] = stretches.map((stretch) => subjectTitle(stretch, words))
  const [job = ''] = stretches.map(jobOf)
  return words.work(isMaintenanceTask(job) ? job : 'backup', words.names(first, others.length))
}

function jobOf({ subject: { job } }: Stretch): string {
  return job
}

/** The source or repository in its job, or the job; of maintenance the repository, or what it is. */
export function subjectTitle({ subject: { job, source, repository } }: Stretch, words: Words): string {
  const name = source ?? repository
  if (isMaintenanceTask(job)) return repository ?? workOf([job], words)
  return name === undefined ? job : words.within(name, job)
}
