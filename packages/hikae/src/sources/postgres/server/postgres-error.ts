import { errorMessage, ProgramError } from '../../../errors.ts'
import { ProgramFailedError } from '../../../process/program-failed-error.ts'

/** PostgreSQL, or a program of it, did not do what it was asked. */
export class PostgresError extends ProgramError {
  override readonly name = 'PostgresError'
  readonly code = 'POSTGRES'
}

/** What the server says, and what helps; the first that fits. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /password authentication failed|no password supplied|fe_sendauth/,
    'say the right user and password in the stack file, and try them with psql',
  ],
  [
    /[Pp]eer authentication failed/,
    'the socket lets in only the user of the system who has that name: say host: 127.0.0.1 with a password, or run Hikae as that user',
  ],
  [/no pg_hba\.conf entry/, "allow this user from here in the server's pg_hba.conf, then reload it"],
  [/role "[^]*?" does not exist/, 'say user: with a role that is there, or make it'],
  [
    /Connection refused|No such file or directory|could not translate host|timeout expired|timed out|No route to host|Network is unreachable/,
    'see whether the server runs and listens there',
  ],
  [/too many connections|remaining connection slots/, 'try again later, or raise max_connections'],
  [
    /row-level security|row security/,
    'give the backup user BYPASSRLS (`alter role NAME bypassrls`): else rows would be missing',
  ],
  [
    /permission denied for large object/,
    'let the backup user read large objects: `alter database NAME set lo_compat_privileges = on`, or use a superuser',
  ],
  [
    /permission denied|must be owner|must be superuser|must be able to/,
    'give the user the right: for backups `grant pg_read_all_data to NAME` (PostgreSQL 14 and later), for restores CREATEDB and membership in the owner, or a superuser',
  ],
  [/lock timeout|canceling statement due to lock/, 'somebody changes a table: try again later, or raise lockTimeout'],
  [
    /server version mismatch|unsupported version/,
    "use programs of the server's own version: say container: or programs: in the stack file",
  ],
  [/No space left|could not extend file|disk full/i, 'make room on the disk of the server'],
  [
    /terminating connection|server closed the connection|could not receive data|SSL connection has been closed/,
    'the server went away in the middle: see its log',
  ],
  [
    /collation|locale|encoding/,
    'the server lacks the locale or encoding that the database had: install it there, or restore to a server that has it',
  ],
  [/could not open extension control file|extension "[^]*?" is not available/, 'install the extension on the server'],
]

/** @param doing what was tried: `ask the server for its databases` */
export function postgresError(doing: string, error: unknown): unknown {
  if (!(error instanceof ProgramFailedError) || error.exitCode === null) return error
  const said = errorMessage(error)
  const hint = HINTS.find(([pattern]) => pattern.test(said))?.[1] ?? error.hint
  return new PostgresError(`cannot ${doing}: ${withoutNoise(said)}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  })
}

/** Of lines such as `psql:<stdin>:3: ERROR:  …`, what is new to people. */
function withoutNoise(said: string): string {
  return said
    .replace(/^.* failed with exit status \d+: /, '')
    .replaceAll(/^(psql|pg_dump|pg_dumpall|pg_restore)(:<stdin>:\d+)?: (error: )?/gm, '')
    .replaceAll(/\s*\n\s*/g, '; ')
}
