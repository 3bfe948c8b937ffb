import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { clientsOnHost } from '../../../databases/clients-on-host.ts'
import { startProgram } from '../../../process/program.ts'
import type { ReadContext } from '../../source-kind.ts'
import { postgresSchema } from '../config.ts'
import { Postgres } from '../server/open-postgres.ts'
import { PostgresError } from '../server/postgres-error.ts'
import { findProgram, versionOf } from '../server/programs.ts'

/**
 * Makes a cluster, and runs a server on it until its input ends, which it also does when we are killed. Then nothing of it is
 * left. A server does not run as root.
 */
const SERVE = `
set -eu
dir=$1 user=$2 initdb=$3 postgres=$4
run() {
  if [ -n "$user" ]; then exec setpriv --reuid="$user" --regid="$user" --clear-groups "$@"; else exec "$@"; fi
}
mkdir -m 700 "$dir"
trap 'rm -rf "$dir"' EXIT
trap '' TERM INT HUP
[ -z "$user" ] || chown "$user" "$dir"
cd /
(run "$initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C --pgdata="$dir/data") >&2 </dev/null
(trap - TERM INT HUP; run "$postgres" -D "$dir/data" -c listen_addresses= -c unix_socket_directories="$dir" -c port=5432 \\
  -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_wal_size=4GB -c jit=off) >&2 </dev/null &
server=$!
while read -r _; do :; done
kill -QUIT "$server"
wait "$server" || :
`

const LONGEST_START_MS = 120_000
const LOOK_MS = 50

export interface ScratchServer extends AsyncDisposable {
  readonly postgres: Postgres
}

/**
 * A throwaway server of one major version, of the programs of this host: on a socket that only we can reach, without a
 * network. Its data is in the folder for temporary files (`TMPDIR`).
 *
 * @throws {PostgresError} this host has no server of that version
 */
export async function startScratchServer(
  major: number,
  programs: string | undefined,
  context: ReadContext,
): Promise<ScratchServer> {
  const { env, signal } = context
  const clients = clientsOnHost(env)
  const folder = programs === undefined ? undefined : resolve(context.folder, programs)
  const server = await findServer(major, folder, context)
  const initdb = await findProgram(clients, 'initdb', { folder: dirname(server), major })
  const dir = join(env['TMPDIR'] ?? tmpdir(), `hikae-drill-${process.pid}-${randomBytes(4).toString('hex')}`)
  const user = process.getuid?.() === 0 ? 'postgres' : ''
  await using starting = new AsyncDisposableStack()
  const input = new PassThrough()
  const words: string[] = []
  const running = startProgram(['sh', '-c', SERVE, 'sh', dir, user, initdb, server], {
    stdin: input,
    env,
    // It ends by the end of its input, and tidies up then.
    signal: new AbortController().signal,
    onComplaint: (line) => void (words.push(line), words.length > 30 && words.shift()),
  })
  starting.use(running)
  starting.defer(async () => {
    input.end()
    await running.succeeded().catch(() => undefined)
    await rm(dir, { recursive: true, force: true })
  })
  let isOver = false
  void running.succeeded().then(
    () => (isOver = true),
    () => (isOver = true),
  )
  const config = postgresSchema.parse({ socket: dir, user: 'postgres', programs: dirname(server) })
  const own = { ...context, env: withoutPostgres(env) }
  for (const end = Date.now() + LONGEST_START_MS; ;) {
    signal.throwIfAborted()
    try {
      const postgres = starting.use(await Postgres.open(config, own))
      const owned = starting.move()
      return { postgres, [Symbol.asyncDispose]: () => owned.disposeAsync() }
    } catch (error) {
      signal.throwIfAborted()
      if (isOver || Date.now() > end) throw notStarted(major, words, error)
      await sleep(LOOK_MS)
    }
  }
}

async function findServer(major: number, folder: string | undefined, { env, signal }: ReadContext): Promise<string> {
  const clients = clientsOnHost(env)
  const hint = `install PostgreSQL ${major} on this host (postgresql-${major}), or say programs: with the folder of its programs`
  let found: number | undefined
  for (const place of folder === undefined ? [undefined] : [folder, undefined]) {
    const path = await findProgram(clients, 'postgres', { folder: place, major }).catch(() => undefined)
    if (path === undefined) continue
    found = await versionOf(clients, path, signal)
    if (found === major) return path
  }
  throw new PostgresError(
    found === undefined
      ? `there is no PostgreSQL server on this host to try the restore with`
      : `the PostgreSQL server of this host is of version ${found}, and the dump of ${major}`,
    { hint },
  )
}

/** What the environment says of another server is not for this one. */
function withoutPostgres(env: ReadContext['env']): ReadContext['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PG')))
}

function notStarted(major: number, words: readonly string[], cause: unknown): PostgresError {
  return new PostgresError(`a throwaway PostgreSQL ${major} does not start: ${words.slice(-5).join('; ')}`, {
    hint: 'see whether there is room in the folder for temporary files (TMPDIR says which), and a user postgres',
    cause,
  })
}
