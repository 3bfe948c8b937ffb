import type { Finding } from '../sources/finding.ts'
import type { StepEnd } from '../state/run-record.ts'

/** What findings make of a step that came to its end: an error leaves it incomplete. */
export function verdictOn(findings: readonly Finding[]): StepEnd {
  if (findings.length === 0) return { outcome: 'succeeded' }
  const error = findings.find(({ severity }) => severity === 'error')
  const { hint } = error ?? findings[0]!
  const message = findings.map((finding) => finding.message).join('; ')
  return { outcome: error ? 'incomplete' : 'succeeded', message, ...(hint === undefined ? {} : { hint }) }
}
