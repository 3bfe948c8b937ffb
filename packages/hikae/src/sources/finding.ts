/** Something that a person should know about a source, with what to do about it. */
export interface Finding {
  /** `error`: what was asked for cannot be had. `warning`: it can, but not all of it, or not for long. */
  readonly severity: 'error' | 'warning'
  /** Lower-case, with names and what was seen. */
  readonly message: string
  /** The next step. */
  readonly hint?: string
}

/** Before reading, an error means that it would be in vain: what only makes a reading incomplete is less. */
export function asWarnings(findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => ({ ...finding, severity: 'warning' }))
}
