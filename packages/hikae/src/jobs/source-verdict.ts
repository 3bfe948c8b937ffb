import type { UnreadableItem } from '@hikae/engine'
import { errorMessage } from '../errors.ts'
import type { SourceReport } from '../points/read-source.ts'
import type { RunFinding, SourceResult, StepEnd } from '../state/run-record.ts'
import { worstOutcome } from './run-report.ts'

/** Files that could not be read are named one by one, up to here. */
const MOST_NAMED = 20

/** Of the reading alone, whatever became of it in each repository. */
export function verdictOnReading({ backup, findings, size }: SourceReport): StepEnd {
  const facts = { ...size, readBytes: Math.max(0, (size?.bytes ?? 0) - backup.bytesUnchanged) }
  const problems = [...findings.map(({ message }) => message), ...unreadableOnes(backup.unreadable)]
  if (problems.length === 0) return { outcome: 'succeeded', facts }
  const hint = findings.find((finding) => finding.hint !== undefined)?.hint
  return { outcome: 'incomplete', message: problems.join('; '), ...(hint === undefined ? {} : { hint }), facts }
}

/** @param stored in how many repositories it is, of so many wanted */
export function outcomeOfSource(report: SourceReport, stored: number, wanted: number): SourceResult['outcome'] {
  if (stored === 0) return 'failed'
  return worstOutcome([verdictOnReading(report).outcome, stored < wanted ? 'incomplete' : 'succeeded'])
}

/** What is remembered of what went wrong. */
export function findingsOf({ findings, backup }: SourceReport): RunFinding[] {
  return [...findings, ...backup.unreadable.map(unreadableFinding)].slice(0, MOST_NAMED)
}

function unreadableOnes(items: readonly UnreadableItem[]): string[] {
  const named = items.slice(0, MOST_NAMED).map((item) => unreadableFinding(item).message)
  return items.length > named.length ? [...named, `${items.length - named.length} more could not be read`] : named
}

function unreadableFinding({ path, error }: UnreadableItem): RunFinding {
  return { severity: 'error', message: `${path}: ${errorMessage(error)}` }
}
