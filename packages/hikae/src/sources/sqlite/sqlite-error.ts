import { ProgramError } from '../../errors.ts'

const HINTS: Readonly<Record<number, string>> = {
  8: 'run Hikae as a user that may write to the database and its folder: reading takes that in WAL mode, and after a crash',
  10: 'look at the system log for errors of the disk',
  11: 'restore it from an earlier point; `sqlite3 FILE .recover` saves what can still be read',
  13: 'make room where Hikae keeps its copies: each database is copied whole before it is saved',
  14: 'make sure that the file is there and that Hikae may read it; a database in WAL mode also needs a folder that can be written to',
  23: 'run Hikae as a user that may read it',
  26: 'if it is encrypted, save it with its program, or with a source of the kind command; else leave it out with exclude',
}
const BUSY = new Set([5, 6])

export interface SqliteFailure {
  readonly message: string
  readonly sqliteCode?: number
  readonly systemCode?: string
}

/** SQLite, or the system below it, refused. The caller says on which database. */
export class SqliteError extends ProgramError {
  override readonly name = 'SqliteError'
  readonly code = 'SQLITE'
  readonly failure: SqliteFailure

  constructor(failure: SqliteFailure, what?: string) {
    const { message, sqliteCode = 0 } = failure
    const hint = HINTS[sqliteCode] ?? 'try the same with the `sqlite3` program'
    super(what === undefined ? message : `${what}: ${message}`, { hint })
    this.failure = failure
  }

  /** Somebody else has it locked. */
  get isBusy(): boolean {
    return BUSY.has(this.failure.sqliteCode ?? 0)
  }
}
