import { errorMessage, isKnownError, ProgramError } from '../../../errors.ts'

/** The server or one of its programs did not do what it was asked. */
export class MysqlError extends ProgramError {
  override readonly name = 'MysqlError'
  readonly code = 'MYSQL'
}

/** What the server's numbers mean, and what to do. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/ERROR 1045|error: 1045/, 'correct `user` and `password` of the source'],
  [
    /ERROR 1698|error: 1698/,
    'this user may not log in that way: make a user with a password, and name it in `user` and `password`',
  ],
  [
    /ERROR (?:1044|1142|1227|1143|1370)|error: (?:1044|1142|1227|1143|1370)|Access denied/,
    'give the user the rights that the guide to databases shows; `hikae doctor` names those that are missing',
  ],
  [
    /ERROR 2002|ERROR 2003|ERROR 2005|error: 200[235]/,
    'see whether the server runs, and whether the address of the source is right',
  ],
  [/ERROR 2026|error: 2026|TLS|SSL/, 'see `tls` of the source: the signer of the certificate, and the name in it'],
  [
    /ERROR 2013|ERROR 2006|error: 2013|error: 2006/,
    'the server went away or cut the connection: see its log, and try again',
  ],
  [/error: 1412|ERROR 1412/, 'a table was changed by others while it was read: try again when nobody changes tables'],
  [/error: 1146|ERROR 1146/, 'a table was dropped by others while it was read: try again'],
  [/ERROR 1205|ERROR 3024/, 'others use the tables: try again when they do not, or raise `lockTimeout`'],
]

/** @param doing in words: `read the databases of db.example.com` */
export function mysqlError(doing: string, error: unknown): Error {
  if (!isKnownError(error) || error.code !== 'PROGRAM_FAILED') return error as Error
  const message = errorMessage(error)
  const hint = HINTS.find(([pattern]) => pattern.test(message))?.[1] ?? error.hint
  return new MysqlError(`cannot ${doing}: ${message}`, { ...(hint === undefined ? {} : { hint }), cause: error })
}
