import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'

const databaseFacts = z.object({
  /** Absolute, as the stack file names it. */
  path: z.string().startsWith('/'),
  /** Of the folder that it lies in, for when that is gone. */
  folder: z.object({ mode: z.int(), uid: z.int(), gid: z.int() }),
  /** Of the copy, hexadecimal. */
  sha256: z.string(),
  sizeBytes: z.int(),
  pageSize: z.int(),
  pageCount: z.int(),
  userVersion: z.int(),
  applicationId: z.int(),
  /** Of all definitions; equal schemas give equal hashes. */
  schemaSha256: z.string(),
  /** Of the original: `wal`, `delete`, … */
  journalMode: z.string(),
  /** Rows by table; null where they were not counted. */
  tables: z.record(z.string(), z.int().nullable()),
  /** Tables that are not listed, because there are very many. */
  tablesLeftOut: z.int(),
  check: z.enum(['integrity', 'quick', 'none']),
  /** What the check found, its first lines; none is good. */
  damage: z.array(z.string()),
  /** Why the check could not be done: it needs what only the application has, as a collation. */
  unchecked: z.string().nullable(),
  /** Rows that refer to nothing, counted up to a limit; null where that could not be found out. */
  foreignKeyViolations: z.int().nullable(),
})

const sqliteFacts = z.object({ sqliteVersion: z.string(), databases: z.array(databaseFacts).min(1) })

/** What a point knows of one database. */
export type DatabaseFacts = z.output<typeof databaseFacts>
export type SqliteFacts = z.output<typeof sqliteFacts>

/** @throws {InputError} the point is of another make, or a database of its list is not in it */
export async function factsOf(point: SourcePoint): Promise<SqliteFacts> {
  const parsed = sqliteFacts.safeParse(point.facts)
  if (!parsed.success) {
    throw new InputError('the point does not say which SQLite databases are in it', {
      hint: 'it is of another kind, or of a later version of Hikae; its files can be had with `hikae restore SNAPSHOT --target DIR`',
      cause: parsed.error,
    })
  }
  const files = new Set<string>()
  for await (const { path, type } of point.entries()) if (type === 'file') files.add(path)
  const lost = parsed.data.databases.find(({ path }) => !files.has(latin1(path)))
  if (!lost) return parsed.data
  throw new InputError(`the point lists ${lost.path}, but does not hold it`, {
    hint: 'choose another point, and run `hikae check` on the repository',
  })
}

/** A path as snapshots have it: one character for each byte. */
export function latin1(path: string): string {
  return Buffer.from(path).toString('latin1')
}
