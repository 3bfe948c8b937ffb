import { InputError } from '../../errors.ts'
import { type NameTime, timesInName } from './dated-name.ts'
import type { TimeOrigin } from './item.ts'
import type { NamePattern } from './name-pattern.ts'

/** How the time of a backup is found. */
export interface TimeRules {
  /** Nanoseconds; for all. */
  readonly forced?: bigint | undefined
  readonly pattern?: NamePattern | undefined
  /** IANA name. */
  readonly zone: string
  readonly nowMs: number
}

export interface ItemTime {
  readonly timeNs: bigint
  readonly from: TimeOrigin
  /** Where it stands in the name; known also when another time is forced. */
  readonly inName: NameTime | undefined
}

/**
 * The time of a backup: what is forced, what the name says, else when it was last written to.
 *
 * @param modifiedNs when it was last written to
 * @throws {InputError} the name says several things, or not what the pattern wants
 */
export function itemTime(name: string, modifiedNs: bigint, rules: TimeRules): ItemTime {
  const { forced, pattern } = rules
  const times = pattern ? pattern.find(name, rules.zone) : timesInName(name, rules)
  const [only, ...others] = times
  if (forced !== undefined) return { timeNs: forced, from: 'option', inName: others.length === 0 ? only : undefined }
  if (only && others.length === 0) return { timeNs: only.timeNs, from: pattern ? 'pattern' : 'name', inName: only }
  if (only) throw ambiguous(name, times, rules.zone)
  if (!pattern) return { timeNs: modifiedNs, from: 'modified', inName: undefined }
  throw new InputError(`the name does not fit ${pattern.text} with a time that exists`, {
    hint: 'correct --time-from-name, or import it by itself with --time',
  })
}

/** Whether the name alone says that this is a backup of some time. */
export function isDated(name: string, rules: TimeRules): boolean {
  const times = rules.pattern ? rules.pattern.find(name, rules.zone) : timesInName(name, rules)
  return times.length > 0
}

function ambiguous(name: string, times: readonly NameTime[], zone: string): InputError {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  const choices = times.map(({ timeNs, form }) => `${format.format(Number(timeNs / 1_000_000n))} (${form})`)
  const [first] = times as [NameTime]
  return new InputError(`its name may mean ${choices.join(' or ')}`, {
    hint: `say which with --time-from-name and what stands around it, for instance '${name.slice(0, first.start)}${first.form}'`,
  })
}
