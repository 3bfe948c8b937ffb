import { z } from 'zod'
import { checkServer, serverShape } from '../../databases/server-schema.ts'
import { durationSchema } from '../../duration.ts'
import { sqlAssertionSchema } from '../sql-assertion.ts'

const text = z.string().min(1)
const MINUTE_MS = 60_000

const choiceSchema = z.strictObject({
  include: z.array(text).default([]).describe('Patterns as `pg_dump` has them; all by default.'),
  exclude: z.array(text).default([]).describe('Patterns as `pg_dump` has them.'),
})

/** `postgres:` of a source. */
export const postgresSchema = z
  .strictObject({
    ...serverShape,
    databases: z
      .array(text)
      .min(1)
      .optional()
      .describe(
        'Globs of names of databases; all but templates by default, or the one that the url names. What restores keep is left out.',
      ),
    exclude: z.array(text).default([]).describe('globs of names of databases that are left out'),
    schemas: choiceSchema.optional().describe('which schemas of them'),
    tables: choiceSchema
      .optional()
      .describe('Which tables of them, with `schema.` before the name; others are neither saved nor defined.'),
    content: z
      .enum(['all', 'data', 'schema'])
      .default('all')
      .describe('whether definitions and rows are saved, or only the one or the other'),
    globals: z
      .enum(['all', 'no-passwords', 'none'])
      .default('all')
      .describe(
        'Roles, memberships and tablespaces: with the hashes of passwords, without them where a service does not let them be read, or not at all.',
      ),
    lockTimeout: durationSchema
      .default(MINUTE_MS)
      .describe('how long to wait for a table that is being changed by others'),
    maintenanceDatabase: text
      .optional()
      .describe('Where to connect for what concerns the whole server; `postgres` by default.'),
    programs: text
      .optional()
      .describe(
        "Folder on this host with psql, pg_dump and pg_restore; by default those of the server's version are looked for.",
      ),
    jobs: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        'How many connections a restore uses at once. More than one needs room for the dump on this host, and programs of this host.',
      ),
    restoreTo: z
      .record(text, z.strictObject(serverShape).superRefine(checkServer))
      .default({})
      .describe('Other servers, by a name of your own, for `hikae restore --to NAME/DATABASE`.'),
    verify: z
      .array(sqlAssertionSchema)
      .default([])
      .describe('queries that a restored database has to answer as expected'),
  })
  .superRefine(checkServer)
  .describe('databases of a PostgreSQL server, each of one moment')

export type PostgresConfig = z.output<typeof postgresSchema>
