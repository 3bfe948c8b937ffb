import { migrationsFolder } from '../../migration/unfinished/migration-record.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import type { CommandContext } from '../context.ts'
import { printableText } from '../output/printable.ts'

/** What a migration gets: it belongs to no stack. */
export function migrationContext({ env, signal, out }: CommandContext): ReadContext {
  return {
    stack: 'migrate',
    source: 'migrate',
    folder: '/',
    env,
    signal,
    scratchFolder: () => Promise.reject(new Error('a migration keeps nothing on this disk')),
    stateFolder: () => migrationsFolder(env),
    log: (line) => out.note(printableText(line)),
  }
}
