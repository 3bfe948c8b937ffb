import type { FileEntry } from '@hikae/engine'
import { madeDirectory, madeFile } from '../made-entry.ts'
import type { OpenSource, ReadContext, SourceReading } from '../source-kind.ts'
import type { PostgresConfig } from './config.ts'
import { DatabaseDump } from './dump/database-dump.ts'
import { globalsDump } from './dump/globals-dump.ts'
import { latin1, type PostgresFacts } from './facts.ts'
import { fileNameOf } from './names.ts'
import { selectDatabases } from './select-databases.ts'
import { settingsScript } from './server/database-row.ts'
import { Postgres } from './server/open-postgres.ts'
import { refuseOlderPrograms } from './server/refuse-older.ts'

/** Fixes the moment of each database, one right after the other; they are read as of then, whoever writes meanwhile. */
export async function openDatabases(config: PostgresConfig, context: ReadContext): Promise<OpenSource> {
  await using opening = new AsyncDisposableStack()
  const postgres = opening.use(await Postgres.open(config, context))
  const programMajor = await refuseOlderPrograms(postgres, 'pg_dump')
  const rows = await selectDatabases(config, postgres)
  const dumps: DatabaseDump[] = []
  for (const row of rows) dumps.push(opening.use(await DatabaseDump.open(row, postgres, config, context)))
  const globals = config.globals === 'none' ? undefined : globalsDump(postgres, config.globals, context)
  const settings = dumps.map(({ name, settings: one }) => {
    const text = Buffer.from(settingsScript(name, one))
    return madeFile(latin1(`${fileNameOf(name)}.sql`), { kind: 'stream', open: () => oneChunk(text) })
  })
  const children: FileEntry[] = [...dumps.map(({ entry }) => entry), ...(globals === undefined ? [] : [globals.entry])]
  const held = opening.move()
  return {
    paths: ['/'],
    root: madeDirectory('', () => [...children, madeDirectory('settings', () => settings)]),
    isOfOneMoment: true,
    async finish(): Promise<SourceReading> {
      const facts: PostgresFacts = {
        product: 'PostgreSQL',
        serverVersion: postgres.version.text,
        serverMajor: postgres.version.major,
        programMajor,
        globals: config.globals,
        roles: globals === undefined ? [] : [...globals.roles()],
        databases: dumps.map((dump) => dump.facts()),
      }
      const isEmpty = facts.databases.every(({ tables, largeObjects }) => tables.length === 0 && largeObjects === 0)
      return { facts, findings: [], isEmpty: isEmpty && config.content !== 'schema' }
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
