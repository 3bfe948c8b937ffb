import type { MysqlConfig } from '../config.ts'
import type { ListedDatabase } from '../server/list-databases.ts'
import type { Mysql } from '../server/open-mysql.ts'

const ALWAYS = ['--skip-dump-date', '--default-character-set=utf8mb4', '--quick', '--max-allowed-packet=1G']

/** Rows and definitions of tables, one row in each line so that an unchanged one is stored once. */
export function tableArguments(
  mysql: Mysql,
  databases: readonly ListedDatabase[],
  { nonTransactional, withPosition }: Pick<MysqlConfig, 'nonTransactional'> & { readonly withPosition: boolean },
): string[] {
  return [
    ...ALWAYS,
    ...['--skip-extended-insert', '--hex-blob', '--no-create-db', '--skip-triggers', '--no-tablespaces'],
    nonTransactional === 'lock' ? '--lock-all-tables' : '--single-transaction',
    ...(withPosition ? positionArguments(mysql) : []),
    ...gtidArguments(mysql),
    ...databases.flatMap(({ name, tables, views }) =>
      [...tables.filter(({ isChosen }) => !isChosen).map((table) => table.name), ...views].map(
        (left) => `--ignore-table=${name}.${left}`,
      ),
    ),
    ...['--databases', '--', ...databases.map(({ name }) => name)],
  ]
}

/** Triggers, routines and events: they are created when the tables have their names. */
export function programArguments(mysql: Mysql, { name }: ListedDatabase): string[] {
  const nothingElse = ['--no-data', '--no-create-info', '--no-create-db', '--no-tablespaces', '--skip-lock-tables']
  return [
    ...[...ALWAYS, ...nothingElse, ...gtidArguments(mysql)],
    ...['--triggers', '--add-drop-trigger', '--routines', '--events', '--', name],
  ]
}

export function viewArguments(mysql: Mysql, { name, views }: ListedDatabase): string[] {
  const nothingElse = ['--no-data', '--skip-triggers', '--no-tablespaces', '--skip-lock-tables']
  return [...ALWAYS, ...nothingElse, ...gtidArguments(mysql), '--', name, ...views]
}

function positionArguments({ version }: Mysql): string[] {
  return version.product === 'mariadb' ? ['--master-data=2', '--gtid'] : ['--source-data=2']
}

/** Else a dump of MySQL cannot be loaded where it came from. */
function gtidArguments({ version }: Mysql): string[] {
  return version.product === 'mysql' ? ['--set-gtid-purged=OFF', '--column-statistics=0'] : []
}
