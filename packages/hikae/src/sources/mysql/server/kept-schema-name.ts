import { createHash } from 'node:crypto'

const LONGEST_NAME = 64
const OURS = /_(before|new)_(\d{8}_\d{6})(?:_\d+)?$/

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
  return besideName(database, `_new_${stamp}_${process.pid}`)
}

/** The process that builds, or built, what is in it. */
export function builderOf(schema: string): number | undefined {
  const [, pid] = /_new_\d{8}_\d{6}_(\d+)$/.exec(schema) ?? []
  return pid === undefined ? undefined : Number(pid)
}

/** Servers count characters, and not bytes. */
function besideName(database: string, end: string): string {
  if (database.length + end.length <= LONGEST_NAME) return `${database}${end}`
  const hash = createHash('sha256').update(database).digest('hex').slice(0, 8)
  return `${database.slice(0, LONGEST_NAME - end.length - hash.length - 1)}-${hash}${end}`
}
