import { createHash } from 'node:crypto'
import { hostname } from 'node:os'

const LONGEST_NAME = 64
const OURS = /_(?:before_(?<kept>\d{8}_\d{6})|new_(?<built>\d{8}_\d{6})_(?<host>[0-9a-f]{6})_(?<pid>\d+))$/

/** Who builds, or built, what is in a database. */
export interface Builder {
  /** Whether it is a process of this machine, or of this container. */
  readonly isHere: boolean
  readonly pid: number
}

/** `20261122_033000` */
export function schemaStamp(time: Date): string {
  return time
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, '')
    .replace('T', '_')
}

/** @returns undefined for what is no time */
export function timeOfSchemaStamp(stamp: string): Date | undefined {
  const time = new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6Z'))
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** Of a database that a restore has made beside others: what was there before, or what is being built. */
export function isOurSchema(name: string): boolean {
  return OURS.test(name)
}

export function keptSchema(database: string, stamp: string): string {
  return besideName(database, `_before_${stamp}`)
}

export function newSchema(database: string, stamp: string): string {
  return besideName(database, `_new_${stamp}_${thisHost()}_${process.pid}`)
}

/** @returns undefined where nothing is built */
export function builderOf(schema: string): Builder | undefined {
  const { host, pid } = OURS.exec(schema)?.groups ?? {}
  return pid === undefined ? undefined : { isHere: host === thisHost(), pid: Number(pid) }
}

/** When it was begun. @returns undefined for a name that is not ours */
export function stampIn(schema: string): string | undefined {
  const { kept, built } = OURS.exec(schema)?.groups ?? {}
  return kept ?? built
}

function thisHost(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 6)
}

/** Servers count characters, and not bytes. */
function besideName(database: string, end: string): string {
  if (database.length + end.length <= LONGEST_NAME) return `${database}${end}`
  const hash = createHash('sha256').update(database).digest('hex').slice(0, 8)
  return `${database.slice(0, LONGEST_NAME - end.length - hash.length - 1)}-${hash}${end}`
}
