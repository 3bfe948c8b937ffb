import { openStill } from './open-still.ts'

/**
 * Runs a query on a database that nobody else uses.
 *
 * @returns the first column of the first row, undefined when there is no row; a blob as hexadecimal digits
 */
export function askDatabase(path: string, sql: string): string | number | null | undefined {
  using database = openStill(path)
  const row = database.prepare(sql, { readBigInts: true, returnArrays: true }).get() as unknown as
    | readonly unknown[]
    | undefined
  if (row === undefined) return undefined
  const [value] = row
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return value as string | number | null
}
