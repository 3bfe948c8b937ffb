import type { RecoveryEvent, Stretch } from '../event.ts'
import { durationText } from './amounts.ts'
import type { ComposeContext, Draft } from './draft.ts'
import { runFacts } from './run-message.ts'
import type { Words } from './words.ts'

export function recoveryMessage({ recovered, report, at }: RecoveryEvent, context: ComposeContext): Draft {
  const { words, language } = context
  const isPartly = report !== undefined && report.outcome !== 'succeeded'
  const [first, ...others] = recovered.map((stretch) => subjectTitle(stretch, words))
  return {
    tone: 'good',
    subject: words.subject.recovery(isPartly ? words.names(first ?? '', others.length) : jobNames(recovered, words)),
    lead: words.sentences([words.lead.recovery(), ...(isPartly ? [words.lead.notAll()] : [])]),
    items: recovered.map((stretch) => ({
      tone: 'good',
      title: subjectTitle(stretch, words),
      text: words.item.over(stretch.condition, durationText((stretch.until ?? at) - stretch.since, language)),
    })),
    facts: report ? runFacts(report, context) : [],
  }
}

/** The jobs that stretches are about. */
export function jobNames(stretches: readonly Stretch[], words: Words): string {
  const [first, ...others] = [...new Set(stretches.map(({ subject }) => subject.job))]
  return words.names(first ?? '', others.length)
}

/** The source or repository in its job, or the job. */
export function subjectTitle({ subject: { job, source, repository } }: Stretch, words: Words): string {
  const name = source ?? repository
  return name === undefined ? job : words.within(name, job)
}
