import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'

const databaseFacts = z.object({
  name: z.string().min(1),
  /** What new tables in it get. */
  charset: z.string(),
  collation: z.string(),
  /** Rows by table, as they are in the dump. */
  tables: z.record(z.string(), z.int().min(0)),
  sequences: z.array(z.string()),
  views: z.array(z.string()),
  triggers: z.int().min(0),
  routines: z.int().min(0),
  events: z.int().min(0),
  /** Tables that may hold rows of another moment. */
  nonTransactional: z.array(z.string()),
})

const mysqlFacts = z.object({
  product: z.enum(['mariadb', 'mysql']),
  serverVersion: z.string(),
  dumpVersion: z.string(),
  /** Where in the server's binary log the moment of the dump is; null where there is none, or we may not know. */
  position: z.string().nullable(),
  users: z.int().min(0).nullable(),
  databases: z.array(databaseFacts).min(1),
})

/** What a point knows of one database. */
export type DatabaseFacts = z.output<typeof databaseFacts>
export type MysqlFacts = z.output<typeof mysqlFacts>

/** @throws {InputError} the point is of another make, or something of its list is not in it */
export async function factsOf(point: SourcePoint): Promise<MysqlFacts> {
  const parsed = mysqlFacts.safeParse(point.facts)
  if (!parsed.success) {
    throw new InputError('the point does not say which databases of MySQL or MariaDB are in it', {
      hint: 'it is of another kind, or of a later version of Hikae; its files can be had with `hikae restore SNAPSHOT --target DIR`',
      cause: parsed.error,
    })
  }
  const files = new Set<string>()
  for await (const { path, type } of point.entries()) if (type === 'file') files.add(path)
  const lost = parsed.data.databases.flatMap(partsOf).find((path) => !files.has(path))
  if (lost === undefined) return parsed.data
  throw new InputError(`the point lists ${Buffer.from(lost, 'latin1').toString()}, but does not hold it`, {
    hint: 'choose another point, and run `hikae check` on the repository',
  })
}

export type Part = 'tables' | 'programs' | 'views'

/** Where a part of a database is in a point: bytes, as latin1. */
export function partPath(database: string, part: Part): string {
  return `/${folderName(database)}/${part}.sql`
}

/** What a snapshot calls the folder of a database, whose name may have what a file's may not. */
export function folderName(database: string): string {
  const text = database.replace(/[/%\0]|^\./g, (character) => encodeURIComponent(character).replace('.', '%2E'))
  return Buffer.from(text).toString('latin1')
}

export function hasPrograms({ triggers, routines, events }: DatabaseFacts): boolean {
  return triggers + routines + events > 0
}

function partsOf(facts: DatabaseFacts): string[] {
  return [
    partPath(facts.name, 'tables'),
    ...(hasPrograms(facts) ? [partPath(facts.name, 'programs')] : []),
    ...(facts.views.length > 0 ? [partPath(facts.name, 'views')] : []),
  ]
}
