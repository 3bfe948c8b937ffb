import type { RunEvent, RunReport } from '../event.ts'
import { durationText, timeText } from './amounts.ts'
import type { ComposeContext, Draft } from './draft.ts'
import type { MessageFact } from './message.ts'
import { workOf } from './work.ts'
import type { Words } from './words.ts'
import { isBad, runItems, toneOf } from './run-items.ts'

export function runMessage({ report, unstable }: RunEvent, context: ComposeContext): Draft {
  const { words } = context
  const { outcome } = report
  const damaged = (report.repositories ?? []).filter(({ isDamaged }) => isDamaged).map(({ repository }) => repository)
  const isDamage = damaged.length > 0
  const lead = isDamage ? words.lead.damage() : leadOf(report, words)
  return {
    tone: toneOf(outcome),
    ...(isDamage && { isUrgent: true }),
    subject: isDamage ? words.subject.damage(damaged) : words.subject.run(workOf([report.job], words), outcome),
    lead: words.sentences(unstable ? [lead, words.lead.unstable()] : [lead]),
    items: runItems(report, words),
    facts: runFacts(report, context),
    ...(outcome !== 'succeeded' && { next: words.seeLog(`hikae logs ${report.run}`) }),
  }
}

function leadOf({ outcome, sources, repositories }: RunReport, words: Words): string {
  if (!repositories) return words.lead.run(outcome, sources.filter(isBad).length, sources.length)
  return words.lead.maintenance(repositories.filter((one) => one.outcome !== 'succeeded').length, repositories.length)
}

export function runFacts(report: RunReport, { words, language, timeZone }: ComposeContext): MessageFact[] {
  return [
    { label: words.label.job, value: report.job },
    { label: words.label.run, value: report.run },
    { label: words.label.started, value: timeText(report.startedAt, timeZone) },
    { label: words.label.took, value: durationText(report.endedAt - report.startedAt, language) },
  ]
}
