import { hostname } from 'node:os'
import { processExists } from '../../../process/process-exists.ts'
import type { Finding } from '../../finding.ts'
import type { MysqlConfig } from '../config.ts'
import { builderOf, isOurSchema, stampIn, timeOfSchemaStamp } from '../server/kept-schema-name.ts'
import type { Mysql } from '../server/open-mysql.ts'
import { quotedName } from '../sql/quoted.ts'
import { isAtWork } from './at-work.ts'
import { settleExchange } from './exchange.ts'
import { OWN_TABLES, readRecord, schemataLike, tablesIn } from './kept-record.ts'

const DAY_MS = 86_400_000

/** Finishes or takes back what restores that were killed on this host have left on the server. */
export async function settleServer(mysql: Mysql, { lockTimeout }: MysqlConfig): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const schema of await schemataLike(mysql, isOurSchema)) {
    if (builderOf(schema) !== undefined || isAtWork(schema)) continue
    const record = await readRecord(mysql, schema)
    if (record === undefined || record.state === 'kept') continue
    if (record.host === hostname() && record.pid !== process.pid && processExists(record.pid)) continue
    if (record.host !== hostname()) {
      const message = `a restore of ${record.database} from the host ${record.host} is not finished`
      findings.push({ severity: 'warning', message, hint: 'run `hikae doctor` there, if it does not run any more' })
      continue
    }
    findings.push(await settleExchange(mysql, schema, record, Math.ceil(lockTimeout / 1000)))
  }
  for (const schema of await schemataLike(mysql, isOurSchema)) {
    const builder = builderOf(schema)
    if (builder === undefined || isAtWork(schema)) continue
    if (!builder.isHere) {
      if (isOld(schema)) findings.push(leftElsewhere(schema))
      continue
    }
    if (builder.pid !== process.pid && processExists(builder.pid)) continue
    await mysql.feed(`drop database ${quotedName(schema)};`, `drop ${schema}, which was not finished`)
    findings.push({ severity: 'warning', message: `${schema}, which a restore had begun and not finished, is dropped` })
  }
  await dropUnwritten(mysql)
  return findings
}

/** What was to keep something, and had nothing written into it yet: nothing was touched. */
async function dropUnwritten(mysql: Mysql): Promise<void> {
  const ours = await schemataLike(mysql, isOurSchema)
  const stampsInUse = ours.filter((schema) => builderOf(schema) !== undefined).map(stampIn)
  for (const schema of ours) {
    const isBuilt = builderOf(schema) !== undefined || stampsInUse.includes(stampIn(schema))
    if (isBuilt || isAtWork(schema) || (await readRecord(mysql, schema)) !== undefined) continue
    if ((await tablesIn(mysql, schema)).some((table) => !OWN_TABLES.has(table))) continue
    await mysql.feed(`drop database if exists ${quotedName(schema)};`, `drop ${schema}, which is empty`)
  }
}

function isOld(schema: string): boolean {
  return Date.now() - timeOfSchemaStamp(stampIn(schema)!)!.getTime() > DAY_MS
}

function leftElsewhere(schema: string): Finding {
  return {
    severity: 'warning',
    message: `${schema} was begun by a restore on another machine, and is not finished`,
    hint: `when nothing restores there any more: DROP DATABASE ${quotedName(schema)};`,
  }
}
