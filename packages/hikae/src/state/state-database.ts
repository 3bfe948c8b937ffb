import { chmodSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemCode } from '../errors.ts'
import { makePrivateFile } from './make-private-file.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations.ts'
import { withOpeningLock } from './opening-lock.ts'
import { explainSqlite, isDamage } from './sqlite-error.ts'
import { inTransaction } from './transaction.ts'

/** How long to wait for another process that is writing. */
const BUSY_MS = 10_000

const COMPANIONS = ['', '-wal', '-shm'] as const

export interface StateDatabaseOptions {
  /** Milliseconds since the epoch; for the name of what is put aside. */
  readonly clock: () => number
  /** Told when what was there before is lost. */
  readonly onLoss: (message: string) => void
}

interface OpenDatabase {
  readonly database: DatabaseSync
  /** Of the files that are open: when others lie at their paths, ours are history. */
  readonly inode: bigint | undefined
  readonly walInode: bigint | undefined
}

/**
 * The file `state.db`, open for several processes at once. Losing it loses history only, so that a damaged one is put aside
 * and a deleted one is begun anew, also while it is open.
 */
export class StateDatabase implements Disposable {
  readonly path: string
  readonly #folder: string
  readonly #options: StateDatabaseOptions
  #open: OpenDatabase
  #isDisposed = false

  /** @throws {StateError | StateVersionError} */
  constructor(folder: string, options: StateDatabaseOptions) {
    this.#folder = folder
    this.path = join(folder, 'state.db')
    this.#options = options
    this.#open = this.#guarded(() => this.#openFolder())
  }

  /** @throws {StateError} */
  read<T>(work: (database: DatabaseSync) => T): T {
    return this.#guarded(() => {
      this.#reopenWhenReplaced()
      return this.#withoutDamage(() => work(this.#open.database))
    })
  }

  /** The same in a transaction: all of it or nothing. @throws {StateError} */
  write<T>(work: (database: DatabaseSync) => T): T {
    return this.read((database) => inTransaction(database, () => work(database)))
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#close()
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw explainSqlite(error, this.path)
    }
  }

  /** Damage that shows itself only now is dealt with at once, so that what comes next finds a good file. */
  #withoutDamage<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (isDamage(error)) this.#reopen()
      throw error
    }
  }

  /**
   * Another process may have put the file aside, or a person may have deleted it. It is also possible that our own process
   * has read the files of the database, as a backup of them does: that gives up SQLite's locks, so that the next process to
   * close the database takes itself for the last one and removes the log that we write to.
   */
  #reopenWhenReplaced(): void {
    if (this.#isDisposed) throw new Error('the state is closed')
    const inode = inodeAt(this.path)
    const { database, ...opened } = this.#open
    if (database.isOpen && inode === opened.inode && inodeAt(`${this.path}-wal`) === opened.walInode) return
    if (inode === undefined)
      this.#options.onLoss(`${this.path} was deleted while it was in use: the history begins anew`)
    this.#reopen()
  }

  #reopen(): void {
    this.#close()
    this.#open = this.#openFolder()
  }

  #close(): void {
    if (this.#open.database.isOpen) this.#open.database.close()
  }

  #openFolder(): OpenDatabase {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    if ((statSync(this.#folder).mode & 0o077) !== 0) chmodSync(this.#folder, 0o700)
    return withOpeningLock(this.#folder, () => {
      try {
        return this.#openFile()
      } catch (error) {
        if (!isDamage(error)) throw error
        this.#putAside()
        return this.#openFile()
      }
    })
  }

  #openFile(): OpenDatabase {
    // SQLite gives its companions the permissions of the file itself.
    makePrivateFile(this.path)
    if ((statSync(this.path).mode & 0o077) !== 0) chmodSync(this.path, 0o600)
    const database = new DatabaseSync(this.path, { timeout: BUSY_MS })
    try {
      database.exec('pragma journal_mode = wal; pragma synchronous = normal')
      requireWhole(database)
      migrate(database, this.path, MIGRATIONS)
      return { database, inode: inodeAt(this.path), walInode: inodeAt(`${this.path}-wal`) }
    } catch (error) {
      database.close()
      throw error
    }
  }

  #putAside(): void {
    const time = new Date(this.#options.clock()).toISOString().replace(/[-:]|\.\d+/g, '')
    let aside = `${this.path}.damaged-${time}`
    for (let next = 2; inodeAt(aside) !== undefined; next++) aside = `${this.path}.damaged-${time}-${next}`
    for (const companion of COMPANIONS) {
      if (inodeAt(this.path + companion) !== undefined) renameSync(this.path + companion, aside + companion)
    }
    this.#options.onLoss(`${this.path} is damaged: it was moved to ${aside}, and the history begins anew`)
  }
}

/** Bad pages are found now, and not in the middle of a run. */
function requireWhole(database: DatabaseSync): void {
  const verdict = database.prepare('pragma quick_check(1)').get()?.['quick_check']
  if (verdict === 'ok') return
  throw Object.assign(new Error(`the database is damaged: ${String(verdict)}`), { errcode: 11 })
}

function inodeAt(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true }).ino
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
