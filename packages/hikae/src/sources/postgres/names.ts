import { createHash } from 'node:crypto'
import { stampOf, timeOfStamp } from '../swap/names.ts'

/** The longest name that PostgreSQL takes; bytes. */
const LONGEST_NAME = 63
const OURS = /^(.+)_(before|new|only)_(\d{8}t\d{6}z)$/s
/** What has a meaning in paths, or would not be seen. */
// oxlint-disable-next-line no-control-regex -- names of databases may have any character in them
const UNSAFE = /[%/\u0000-\u001f\u007f]|^\./g

export interface OwnName {
  /** Of the database that was replaced; the beginning of it where that is long. */
  readonly name: string
  readonly state: 'before' | 'new' | 'only'
  readonly stamp: string
}

/** Of a time, as it stands in names of databases: in lower case, as SQL has them without quotes. */
export function databaseStamp(time: Date): string {
  return stampOf(time).toLowerCase()
}

export function timeOfDatabaseStamp(stamp: string): Date | undefined {
  return timeOfStamp(stamp.toUpperCase())
}

/** `shop_before_20261121t201714z`: kept; `shop_new_…`: being built; `shop_only_…`: only some tables. */
export function ownDatabaseName(name: string, state: OwnName['state'], stamp: string): string {
  return fitted(name, `_${state}_${stamp}`)
}

/** Whether a database has a name that a restore has given to it. */
export function parseOwnName(name: string): OwnName | undefined {
  const [, before, state, stamp] = OURS.exec(name) ?? []
  if (before === undefined || timeOfDatabaseStamp(stamp!) === undefined) return undefined
  return { name: before, state: state as OwnName['state'], stamp: stamp! }
}

/** A name with another end, not longer than PostgreSQL takes. */
function fitted(name: string, end: string): string {
  const room = LONGEST_NAME - Buffer.byteLength(end)
  if (Buffer.byteLength(name) <= room) return name + end
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  let cut = name
  while (Buffer.byteLength(cut) > room - hash.length - 1) cut = Array.from(cut).slice(0, -1).join('')
  return `${cut}-${hash}${end}`
}

/** The name of a database as that of a file: what is not safe there is written as `%2F`. */
export function fileNameOf(database: string): string {
  return database.replaceAll(UNSAFE, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}
