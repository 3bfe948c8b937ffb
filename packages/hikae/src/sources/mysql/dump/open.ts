import type { RunningProgram } from '../../../process/program.ts'
import { InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import { madeDirectory, madeFile } from '../../made-entry.ts'
import type { OpenSource, ReadContext } from '../../source-kind.ts'
import type { MysqlConfig } from '../config.ts'
import { type DatabaseFacts, folderName, type MysqlFacts } from '../facts.ts'
import { chooseDatabases, listDatabases, type ListedDatabase } from '../server/list-databases.ts'
import { mysqlError } from '../server/mysql-error.ts'
import { type Mysql, openMysql } from '../server/open-mysql.ts'
import { rightFindings } from '../server/rights.ts'
import { DatabaseSections } from './database-sections.ts'
import { type Definitions, readDefinitions } from './definitions.ts'
import { tableArguments } from './dump-arguments.ts'
import { mayKnowPosition } from './may-know-position.ts'
import { readUsers, type SavedUsers } from './users.ts'

/** Begins one dump of all databases, so that they are of one moment; it is taken apart while it is read. */
export async function openDatabases(config: MysqlConfig, context: ReadContext): Promise<OpenSource> {
  await using opening = new AsyncDisposableStack()
  const mysql = opening.use(await openMysql(config, context))
  const databases = chooseDatabases(await listDatabases(mysql, config), config, mysql.server.url?.database)
  if (databases.length === 0) throw noDatabase(config, context)
  const findings = [
    ...(await rightFindings(
      mysql,
      databases.map(({ name }) => name),
    )),
    ...tableFindings(databases, config),
  ]
  const definitions = new Map<string, Definitions>()
  for (const database of databases) definitions.set(database.name, await readDefinitions(mysql, database))
  const users = config.users ? await usersOf(mysql, findings) : undefined
  const { version: dumpVersion } = await mysql.dumper()
  const withPosition = await mayKnowPosition(mysql)
  const args = tableArguments(mysql, databases, { ...config, withPosition })
  const doing = `dump ${databases.map(({ name }) => name).join(', ')} (${mysql.server.name})`
  const running = opening.use(await mysql.startDump(args, { signal: context.signal }))
  const names = databases.map(({ name }) => name)
  const sections = new DatabaseSections(running.stdout, names)
  await blamed(running, doing, () => sections.begin())
  const rows = new Map(names.map((name) => [name, new Map<string, number>()]))
  const read = new Set<string>()
  const owned = opening.move()
  return {
    paths: names.map((name) => `/${folderName(name)}`),
    root: madeDirectory('', function* () {
      if (users !== undefined) yield textFile('users.sql', users.sql)
      for (const { name } of databases) yield folder(name)
    }),
    isOfOneMoment: true,
    async finish() {
      const unread = names.find((name) => !read.has(name))
      if (unread !== undefined) throw new Error(`the dump of ${unread} was not read to its end`)
      const facts: MysqlFacts = {
        product: mysql.version.product,
        serverVersion: mysql.version.text,
        dumpVersion,
        position: sections.position ?? null,
        users: users?.count ?? null,
        databases: databases.map((database) => databaseFacts(database, rows.get(database.name)!)),
      }
      return { facts: { ...facts }, findings, isEmpty: facts.databases.every(isEmpty) }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }

  function folder(name: string) {
    const { programs, views } = definitions.get(name)!
    return madeDirectory(folderName(name), function* () {
      if (programs !== '') yield textFile('programs.sql', programs)
      if (views !== '') yield textFile('views.sql', views)
      yield madeFile('tables.sql', { kind: 'stream', open: () => tables(name) }, { chunks: 'fine' })
    })
  }

  async function* tables(name: string): AsyncGenerator<Uint8Array> {
    try {
      yield* sections.section(name, rows.get(name)!)
      if (name === names.at(-1)) {
        await running.succeeded()
        sections.refuseCut()
      }
    } catch (error) {
      throw await whyItEnded(running, doing, error)
    }
    read.add(name)
  }
}

function textFile(name: string, text: string) {
  const content = Buffer.from(text)
  return madeFile(name, {
    kind: 'stream',
    async *open() {
      yield content
    },
  })
}

/** A dump that broke off says why by its status, which is the better reason. */
async function blamed(running: RunningProgram, doing: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw await whyItEnded(running, doing, error)
  }
}

async function whyItEnded(running: RunningProgram, doing: string, error: unknown): Promise<unknown> {
  try {
    if ((error as { code?: string }).code === 'MYSQL') await running.succeeded()
  } catch (reason) {
    return mysqlError(doing, reason)
  }
  return mysqlError(doing, error)
}

function databaseFacts(database: ListedDatabase, rows: ReadonlyMap<string, number>): DatabaseFacts {
  const { name, charset, collation, views, triggers, routines, events } = database
  const chosen = database.tables.filter(({ isChosen }) => isChosen)
  return {
    ...{ name, charset, collation, views: [...views], triggers, routines, events },
    tables: Object.fromEntries(rows),
    sequences: chosen.filter(({ kind }) => kind === 'sequence').map((sequence) => sequence.name),
    nonTransactional: chosen.filter(({ isTransactional }) => !isTransactional).map((table) => table.name),
  }
}

function isEmpty({ tables, sequences, views, routines }: DatabaseFacts): boolean {
  return Object.keys(tables).length + sequences.length + views.length + routines === 0
}

function tableFindings(databases: readonly ListedDatabase[], { nonTransactional }: MysqlConfig): Finding[] {
  const named = (is: (table: ListedDatabase['tables'][number]) => boolean): string[] =>
    databases.flatMap(({ name, tables }) =>
      tables.filter((table) => table.isChosen && is(table)).map((table) => `${name}.${table.name}`),
    )
  const loose = nonTransactional === 'name' ? named((table) => !table.isTransactional) : []
  const versioned = named((table) => table.hasHistory)
  return [
    ...(loose.length === 0
      ? []
      : [
          {
            severity: 'warning' as const,
            message: `${listed(loose)} cannot be read at one moment while others write, because of the engine of the table`,
            hint: 'convert it with ALTER TABLE … ENGINE=InnoDB, or say `nonTransactional: lock` (nobody writes during the dump) or `accept`',
          },
        ]),
    ...(versioned.length === 0
      ? []
      : [
          {
            severity: 'warning' as const,
            message: `older versions of the rows of ${listed(versioned)} are not saved: dumps have the present ones only`,
            hint: 'leave the table out with `tables: { exclude: […] }`, and save it with a source of the kind command and `mariadb-dump --dump-history`',
          },
        ]),
  ]
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
}

async function usersOf(mysql: Mysql, findings: Finding[]): Promise<SavedUsers | undefined> {
  try {
    return await readUsers(mysql)
  } catch (error) {
    mysql.signal.throwIfAborted()
    findings.push({
      severity: 'warning',
      message: `users and what they may do are not saved: ${(error as Error).message}`,
      hint: 'give the user SELECT on `mysql`.*, or say `users: false`',
    })
    return undefined
  }
}

function noDatabase({ databases }: MysqlConfig, { source }: ReadContext): InputError {
  const wanted = databases === undefined ? 'there is no database' : `there is no database of ${databases.join(', ')}`
  return new InputError(`${wanted} that ${source} may see`, {
    hint: 'correct `databases`, or give the user of the source SELECT on them',
  })
}
