import { createHash } from 'node:crypto'

/**
 * Names of what lies beside something that is replaced. Being built: `.hikae-new-…`. Whole, and about to be swapped in:
 * `.hikae-ready-…`. Its content has the names that it will get, so that whoever finds it knows what it is for.
 */
const BESIDE = /^\.hikae-(new|ready)-(\d{8}T\d{6}Z)-(\d+)-[0-9a-f]{8}$/

/** The longest name of a file on Linux; bytes. */
const LONGEST_NAME = 255

export interface BesideName {
  readonly state: 'new' | 'ready'
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
