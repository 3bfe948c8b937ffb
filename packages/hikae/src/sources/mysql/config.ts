import { z } from 'zod'
import { checkServer, serverShape } from '../../databases/server-schema.ts'
import { durationSchema } from '../../duration.ts'
import { sqlAssertionSchema } from '../sql-assertion.ts'

const text = z.string().min(1)
const MINUTE_MS = 60_000

/** `mysql:` of a source. */
export const mysqlSchema = z
  .strictObject({
    ...serverShape,
    databases: z
      .array(text)
      .min(1)
      .optional()
      .describe(
        "Globs of names of databases; all but the server's own by default, or the one that the url names. What restores keep is left out.",
      ),
    exclude: z.array(text).default([]).describe('globs of names of databases that are left out'),
    tables: z
      .strictObject({
        include: z.array(text).default(['*.*']).describe('Globs of `database.table`; all by default.'),
        exclude: z.array(text).default([]).describe('Globs of `database.table`.'),
      })
      .optional()
      .describe('Which tables of them; others are neither saved nor defined.'),
    nonTransactional: z
      .enum(['name', 'lock', 'accept'])
      .default('name')
      .describe(
        'Tables such as those of MyISAM have no moment of their own while others write: they are saved and named, which makes the run incomplete (`name`), all tables are locked against writing while they are saved (`lock`), or it is all right (`accept`).',
      ),
    users: z
      .boolean()
      .default(true)
      .describe(
        'Whether users and what they may do are saved, with the hashes of their passwords, in a file of their own.',
      ),
    lockTimeout: durationSchema
      .default(MINUTE_MS)
      .describe('how long a restore waits for tables that others use before it gives up and leaves all as it is'),
    programs: text
      .optional()
      .describe(
        'Folder on this host with the client programs, and the server for drills; by default they are looked for.',
      ),
    verify: z
      .array(sqlAssertionSchema)
      .default([])
      .describe('queries that a restored database has to answer as expected'),
  })
  .superRefine(checkServer)
  .describe('databases of a MySQL or MariaDB server, all of one moment')

export type MysqlConfig = z.output<typeof mysqlSchema>
