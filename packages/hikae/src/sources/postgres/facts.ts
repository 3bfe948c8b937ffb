import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'

const settingsSchema = z.object({
  owner: z.string(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  /** `c` of the system's library, `i` ICU, `b` built in. */
  provider: z.string(),
  /** Of ICU, or what is built in. */
  locale: z.string().nullable(),
  tablespace: z.string(),
  connectionLimit: z.int(),
  comment: z.string().nullable(),
  /** Statements around the name of the database: its settings, and who may do what with it. */
  statements: z.array(z.object({ before: z.string(), after: z.string() })),
})

const databaseFacts = z.object({
  name: z.string(),
  /** In the snapshot. */
  path: z.string(),
  /** As the database has it on the server; bytes. */
  size: z.number().nullable(),
  /** Of the dump. */
  bytes: z.int(),
  content: z.enum(['all', 'data', 'schema']),
  /** Only some schemas or tables. */
  isPart: z.boolean(),
  /** When its moment was fixed. */
  moment: z.string(),
  /** Of the write-ahead log, then. */
  lsn: z.string().nullable(),
  settings: settingsSchema,
  extensions: z.array(z.object({ name: z.string(), version: z.string(), schema: z.string() })),
  /** Rows as they are in the dump; null where they were not counted. */
  tables: z.array(z.object({ schema: z.string(), name: z.string(), rows: z.int().nullable() })),
  /** As `setval` has them. */
  sequences: z.array(z.object({ schema: z.string(), name: z.string(), value: z.string(), isCalled: z.boolean() })),
  largeObjects: z.int(),
})

const postgresFacts = z.object({
  product: z.literal('PostgreSQL'),
  serverVersion: z.string(),
  serverMajor: z.int(),
  /** Major version of pg_dump. */
  programMajor: z.int(),
  globals: z.enum(['all', 'no-passwords', 'none']),
  /** Everyone that something in there belongs or is granted to is in globals.sql. */
  roles: z.array(z.string()),
  databases: z.array(databaseFacts).min(1),
})

export type DatabaseSettings = z.output<typeof settingsSchema>
/** What a point knows of one database. */
export type DatabaseFacts = z.output<typeof databaseFacts>
export type PostgresFacts = z.output<typeof postgresFacts>

/** Of roles and tablespaces, in the snapshot. */
export const GLOBALS_PATH = '/globals.sql'

/** @throws {InputError} the point is of another make */
export function postgresFactsOf(point: SourcePoint): PostgresFacts {
  const parsed = postgresFacts.safeParse(point.facts)
  if (parsed.success) return parsed.data
  throw new InputError('the point does not say which PostgreSQL databases are in it', {
    hint: 'it is of another kind, or of a later version of Hikae; its files can be had with `hikae restore SNAPSHOT --target DIR`, for pg_restore',
    cause: parsed.error,
  })
}

/** A path as snapshots have it: one character for each byte. */
export function latin1(path: string): string {
  return Buffer.from(path).toString('latin1')
}
