import type { RunEvent, RunReport } from '../event.ts'
import { durationText, timeText } from './amounts.ts'
import type { ComposeContext, Draft } from './draft.ts'
import type { MessageFact } from './message.ts'
import { isBad, runItems, toneOf } from './run-items.ts'

export function runMessage({ report, unstable }: RunEvent, context: ComposeContext): Draft {
  const { words } = context
  const { job, outcome, sources } = report
  const lead = words.lead.run(outcome, sources.filter(isBad).length, sources.length)
  return {
    tone: toneOf(outcome),
    subject: words.subject.run(job, outcome),
    lead: words.sentences(unstable ? [lead, words.lead.unstable()] : [lead]),
    items: runItems(report, words),
    facts: runFacts(report, context),
    ...(outcome !== 'succeeded' && { next: words.seeLog(`hikae logs ${report.run}`) }),
  }
}

export function runFacts(report: RunReport, { words, language, timeZone }: ComposeContext): MessageFact[] {
  return [
    { label: words.label.job, value: report.job },
    { label: words.label.run, value: report.run },
    { label: words.label.started, value: timeText(report.startedAt, timeZone) },
    { label: words.label.took, value: durationText(report.endedAt - report.startedAt, language) },
  ]
}
