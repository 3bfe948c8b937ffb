import { errorMessage, isKnownError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import type { MysqlConfig } from './config.ts'
import { settleServer } from './restore/settle.ts'
import { chooseDatabases, listDatabases } from './server/list-databases.ts'
import { openMysql } from './server/open-mysql.ts'
import { rightFindings } from './server/rights.ts'

/** Whether the server answers, its programs are there, and what of the databases cannot be seen. */
export async function examineServer(config: MysqlConfig, context: SourceContext): Promise<readonly Finding[]> {
  try {
    await using mysql = await openMysql(config, context)
    await mysql.dumper()
    const settled = await settleServer(mysql, config)
    const databases = chooseDatabases(await listDatabases(mysql, config), config, mysql.server.url?.database)
    if (databases.length > 0)
      return [
        ...settled,
        ...(await rightFindings(
          mysql,
          databases.map(({ name }) => name),
        )),
      ]
    const hint = 'correct `databases`, or give the user of the source SELECT on them'
    return [
      ...settled,
      { severity: 'error', message: `there is no database that ${context.source} means and may see`, hint },
    ]
  } catch (error) {
    context.signal.throwIfAborted()
    const hint = isKnownError(error) ? error.hint : undefined
    return [{ severity: 'error', message: errorMessage(error), ...(hint === undefined ? {} : { hint }) }]
  }
}
