import { InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { KeptCopy, ReadContext, RestorePlan } from '../../source-kind.ts'
import type { MysqlConfig } from '../config.ts'
import { isOurSchema, keptSchema, schemaStamp, timeOfSchemaStamp } from '../server/kept-schema-name.ts'
import { chooseDatabases } from '../server/list-databases.ts'
import { type Mysql, openMysql } from '../server/open-mysql.ts'
import { quotedName } from '../sql/quoted.ts'
import { exchange } from './exchange.ts'
import { type KeptRecord, readRecord, schemataLike } from './kept-record.ts'

interface Kept {
  readonly schema: string
  readonly record: KeptRecord
}

/** What restores in place have replaced; databases that were replaced together are one copy. */
export async function keptDatabases(config: MysqlConfig, context: ReadContext): Promise<readonly KeptCopy[]> {
  await using mysql = await openMysql(config, context)
  const found = await findKept(mysql, config)
  const moments = [...Map.groupBy(found, ({ record }) => record.stamp)]
  return moments
    .toSorted(([one], [other]) => other.localeCompare(one))
    .map(([stamp, kept]) => keptCopy(stamp, kept, config))
}

async function findKept(mysql: Mysql, config: MysqlConfig): Promise<Kept[]> {
  const kept: Kept[] = []
  for (const schema of await schemataLike(mysql, isOurSchema)) {
    const record = await readRecord(mysql, schema)
    if (record?.state !== 'kept' || timeOfSchemaStamp(record.stamp) === undefined) continue
    const named = { ...EMPTY, name: record.database }
    if (chooseDatabases([named], config, mysql.server.url?.database).length > 0) kept.push({ schema, record })
  }
  return kept
}

const EMPTY = { charset: '', collation: '', tables: [], views: [], triggers: 0, routines: 0, events: 0 }

function keptCopy(stamp: string, kept: readonly Kept[], config: MysqlConfig): KeptCopy {
  const schemata = kept.map(({ schema }) => schema)
  return {
    time: timeOfSchemaStamp(stamp)!,
    place: schemata.join(', '),
    planUndo: async (context) => planUndo(kept, config, context),
    async remove(context) {
      await using mysql = await openMysql(config, context)
      for (const schema of schemata)
        await mysql.feed(`drop database if exists ${quotedName(schema)};`, `drop ${schema}`)
    },
  }
}

function planUndo(kept: readonly Kept[], config: MysqlConfig, context: ReadContext): RestorePlan {
  return {
    steps: kept.flatMap(({ schema, record: { database } }) => [
      `rename all tables of ${database} to ${keptSchema(database, '<time>')}, where they are kept, and those of ${schema} back into ${database}, in one statement`,
      `make triggers, routines, events and views of ${database} as they were`,
    ]),
    async apply(signal) {
      await using mysql = await openMysql(config, { ...context, signal: new AbortController().signal })
      const both = AbortSignal.any([context.signal, signal])
      const stamp = await laterStamp(mysql, kept)
      const findings: Finding[] = []
      const now: string[] = []
      for (const { schema, record } of kept) {
        both.throwIfAborted()
        const { database: live, charset, collation, definitions } = record
        if ((await readRecord(mysql, schema)) === undefined) throw gone(schema)
        const next = { ...definitions, charset, collation }
        const lockSeconds = Math.max(1, Math.ceil(config.lockTimeout / 1000))
        const done = await exchange(mysql, {
          live,
          from: schema,
          kept: keptSchema(live, stamp),
          stamp,
          next,
          lockSeconds,
        })
        findings.push(...done.findings)
        if (done.kept !== undefined) now.push(done.kept)
      }
      const place = kept.map(({ record }) => record.database).join(', ')
      return { place, ...(now.length === 0 ? {} : { kept: now.join(', ') }), findings }
    },
  }
}

/** Later than all that is kept, also when the clock was set back. */
async function laterStamp(mysql: Mysql, kept: readonly Kept[]): Promise<string> {
  const taken = new Set(await schemataLike(mysql, () => true))
  const last = Math.max(...kept.map(({ record }) => timeOfSchemaStamp(record.stamp)!.getTime()))
  for (let time = Math.max(Date.now(), last + 1000); ; time += 1000) {
    const stamp = schemaStamp(new Date(time))
    if (!kept.some(({ record }) => taken.has(keptSchema(record.database, stamp)))) return stamp
  }
}

function gone(schema: string): InputError {
  return new InputError(`${schema} is not there any more`, {
    hint: 'see what is kept with `hikae restore --undo --dry-run`',
  })
}
