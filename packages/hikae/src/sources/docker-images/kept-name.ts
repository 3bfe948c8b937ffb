import { timeOfStamp } from '../swap/names.ts'

/** Docker takes no longer tags. */
const LONGEST_TAG = 128
const KEPT = /^(.+:[^/]+)\.before-((\d{8}T\d{6}Z)(?:-(?:[2-9]|[1-9]\d+))?)$/

/** What an image is called that lost its name. */
export interface KeptName {
  /** The name that it lost. */
  readonly name: string
  /** Of the restore: its second, and a number where there were several: `20261121T201714Z-2`. */
  readonly moment: string
  readonly time: Date
}

/** @returns `app:1.before-20261121T201714Z` */
export function keptNameOf(name: string, moment: string): string {
  return `${name}.before-${moment}`
}

/** Whether a tag has room for what {@link keptNameOf} adds. */
export function canBeKept(name: string): boolean {
  const kept = keptNameOf(name, '20261121T201714Z-999')
  return kept.length - kept.lastIndexOf(':') - 1 <= LONGEST_TAG
}

/** @returns undefined for other names */
export function parseKeptName(kept: string): KeptName | undefined {
  const [, name, moment, stamp] = KEPT.exec(kept) ?? []
  const time = stamp === undefined ? undefined : timeOfStamp(stamp)
  return name === undefined || moment === undefined || time === undefined ? undefined : { name, moment, time }
}
