import { z } from 'zod'
import { durationSchema } from '../../duration.ts'
import { sqlAssertionSchema } from '../sql-assertion.ts'

const text = z.string().min(1)
const MINUTE_MS = 60_000

/** `sqlite:` of a source. */
export const sqliteSchema = z
  .strictObject({
    path: z
      .union([text, z.array(text).min(1)])
      .transform((given) => (typeof given === 'string' ? [given] : given))
      .describe('database files or globs, from the folder of the stack file'),
    exclude: z.array(text).default([]).describe('globs of what is left out; one without / matches names in any folder'),
    check: z
      .enum(['integrity', 'quick', 'none'])
      .default('integrity')
      .describe("how each copy is checked: SQLite's integrity_check, its faster quick_check, or not at all"),
    busyTimeout: durationSchema
      .default(MINUTE_MS)
      .describe('how long to wait for a database that a program has locked'),
    verify: z.array(sqlAssertionSchema).default([]).describe('queries that a restored copy has to answer as expected'),
  })
  .describe('SQLite databases, copied while they are in use')

export type SqliteConfig = z.output<typeof sqliteSchema>
export type CheckMode = SqliteConfig['check']
