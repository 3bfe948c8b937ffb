import { outputOf } from '../../../process/output-of.ts'
import type { ListedDatabase } from '../server/list-databases.ts'
import { MysqlError, mysqlError } from '../server/mysql-error.ts'
import type { Mysql } from '../server/open-mysql.ts'
import { programArguments, viewArguments } from './dump-arguments.ts'

/** What of a database is no table: statements that make it, where there is any. */
export interface Definitions {
  readonly programs: string
  readonly views: string
}

export async function readDefinitions(mysql: Mysql, database: ListedDatabase): Promise<Definitions> {
  const { triggers, routines, events, views } = database
  return {
    programs: triggers + routines + events > 0 ? await dump(mysql, database, programArguments(mysql, database)) : '',
    views: views.length > 0 ? await dump(mysql, database, viewArguments(mysql, database)) : '',
  }
}

async function dump(mysql: Mysql, { name }: ListedDatabase, args: readonly string[]): Promise<string> {
  const doing = `read the definitions of ${name} (${mysql.server.name})`
  try {
    await using running = await mysql.startDump(args, { signal: mysql.signal })
    const text = await outputOf(running, 'the dump of definitions')
    if (/^-- Dump completed/m.test(text)) return text
  } catch (error) {
    throw mysqlError(doing, error)
  }
  throw new MysqlError(`cannot ${doing}: what came is not whole`, { hint: 'see the log of the server, and try again' })
}
