import { createHash } from 'node:crypto'

/**
 * Names of what lies beside something that is replaced. Being built: `.hikae-new-…`. Whole, and about to be swapped in:
 * `.hikae-ready-…`. Its content has the names that it will get, so that whoever finds it knows what it is for. What was kept,
 * and is being gathered to be put back: `.hikae-gather-…`. All of it gathered, and being put back: `.hikae-undo-…`.
 */
const BESIDE = /^\.hikae-(new|ready|gather|undo)-(\d{8}T\d{6}Z)-(\d+)-[0-9a-f]{8}$/
/** The end of the name of what is kept; with a number where the name was taken. */
const KEPT = /\.before-(\d{8}T\d{6}Z)(?:-([2-9]|[1-9]\d+))?$/
const KEPT_FOLDER = /^hikae-before-(\d{8}T\d{6}Z)$/
const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** The longest name of a file on Linux; bytes. */
const LONGEST_NAME = 255

export interface BesideName {
  readonly state: 'new' | 'ready' | 'gather' | 'undo'
  /** When it was begun: what it replaces is kept under this time. */
  readonly stamp: string
  /** Of the process that made it. */
  readonly pid: number
}

export function parseBesideName(name: string): BesideName | undefined {
  const [, state, stamp, pid] = BESIDE.exec(name) ?? []
  return state === undefined ? undefined : { state: state as BesideName['state'], stamp: stamp!, pid: Number(pid) }
}

export function besideName({ state, stamp, pid }: BesideName, random: string): string {
  return `.hikae-${state}-${stamp}-${pid}-${random}`
}

/** `20261121T201714Z` */
export function stampOf(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, '')
}

/** @returns undefined for what is no time, such as the 31st of February */
export function timeOfStamp(stamp: string): Date | undefined {
  const time = new Date(stamp.replace(STAMP, '$1-$2-$3T$4:$5:$6Z'))
  return Number.isNaN(time.getTime()) || stampOf(time) !== stamp ? undefined : time
}

/** When something was kept; the number tells those of the same second apart. */
export interface KeptMark {
  readonly stamp: string
  readonly number: number
}

/** What is kept of something that was replaced: `app.before-20261121T201714Z`. */
export function keptName(name: string, stamp: string): string {
  const end = `.before-${stamp}`
  if (name.length + end.length + 4 <= LONGEST_NAME) return `${name}${end}`
  const hash = createHash('sha256').update(name, 'latin1').digest('hex').slice(0, 8)
  // Names are bytes: of a character that is cut in two, the rest is no text, but still a name.
  return `${name.slice(0, LONGEST_NAME - end.length - hash.length - 5)}-${hash}${end}`
}

/** Where that is kept which was at the top of a mount point, which cannot be renamed: a folder in it. */
export function keptFolderName(stamp: string): string {
  return `hikae-before-${stamp}`
}

/**
 * Whether a name is one under which another is kept. A name too long for that is known by its whole name only.
 *
 * @param name of what was replaced
 */
export function parseKeptName(candidate: string, name: string): KeptMark | undefined {
  const mark = keptMark(candidate)
  if (!mark) return undefined
  const end = mark.number === 1 ? '' : `-${mark.number}`
  return candidate === `${keptName(name, mark.stamp)}${end}` ? mark : undefined
}

/** The name that was replaced, and when; undefined for other names, and for those that were shortened. */
export function splitKeptName(candidate: string): { name: string; mark: KeptMark } | undefined {
  const name = candidate.replace(KEPT, '')
  const mark = parseKeptName(candidate, name)
  return mark && name !== '' ? { name, mark } : undefined
}

export function parseKeptFolderName(candidate: string): KeptMark | undefined {
  const [, stamp = ''] = KEPT_FOLDER.exec(candidate) ?? []
  return timeOfStamp(stamp) ? { stamp, number: 1 } : undefined
}

function keptMark(candidate: string): KeptMark | undefined {
  const [, stamp = '', number = '1'] = KEPT.exec(candidate) ?? []
  return timeOfStamp(stamp) ? { stamp, number: Number(number) } : undefined
}
