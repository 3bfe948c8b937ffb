import type { FileEntry } from '@hikae/engine'
import { madeFile } from '../../made-entry.ts'
import type { ReadContext } from '../../source-kind.ts'
import { GLOBALS_PATH } from '../facts.ts'
import type { Postgres } from '../server/open-postgres.ts'
import { PostgresError, postgresError } from '../server/postgres-error.ts'
import { rolesIn } from './globals-script.ts'

const DOING = "dump the server's roles and tablespaces"
/** Comments that it begins and ends with. */
const END = '-- PostgreSQL database cluster dump complete'
const LONGEST = 64 * 1024 * 1024

export interface GlobalsDump {
  readonly entry: FileEntry
  /** Those that are in it. @throws {PostgresError} it was not read to its end */
  roles(): readonly string[]
}

/** What belongs to the server, and not to one of its databases. */
export function globalsDump(postgres: Postgres, mode: 'all' | 'no-passwords', context: ReadContext): GlobalsDump {
  let roles: readonly string[] | undefined
  const entry = madeFile(GLOBALS_PATH.slice(1), { kind: 'stream', open })
  return {
    entry,
    roles() {
      if (roles === undefined) throw new PostgresError("the server's roles and tablespaces were not read to their end")
      return roles
    },
  }

  async function* open(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const args = ['--globals-only', '--no-password', `--database=${postgres.maintenance}`]
    if (mode === 'no-passwords') args.push('--no-role-passwords')
    await using running = await postgres.start('pg_dumpall', args, {
      signal: AbortSignal.any([signal, context.signal]),
    })
    const parts: Uint8Array[] = []
    let bytes = 0
    try {
      for await (const part of running.stdout) {
        parts.push(part)
        bytes += part.length
        if (bytes > LONGEST) throw new PostgresError(`${DOING}: they are more than ${LONGEST} bytes`)
        yield part
      }
      await running.succeeded()
    } catch (error) {
      throw postgresError(DOING, error)
    }
    const text = Buffer.concat(parts).toString()
    if (!text.includes(END)) throw new PostgresError(`cannot ${DOING}: what came has no end`)
    roles = rolesIn(text)
  }
}
