import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { systemCode } from '../errors.ts'
import { makePrivateFile } from './make-private-file.ts'
import { withOpeningLock } from './opening-lock.ts'
import { explainSqlite, isBusy } from './sqlite-error.ts'

/**
 * How a process shows that it lives to those that cannot see it, in other containers: it holds a lock on a file of its own,
 * which the system takes back when it dies, however that happens.
 */
export class ProcessLocks implements Disposable {
  readonly #stateFolder: string
  readonly #folder: string
  #own: { readonly name: string; readonly database: DatabaseSync } | undefined

  constructor(stateFolder: string) {
    this.#stateFolder = stateFolder
    this.#folder = join(stateFolder, 'processes')
  }

  /** The name of our own, which is taken when it is first asked for and held until it is disposed of. @throws {StateError} */
  own(): string {
    this.#own ??= this.#alone(() => this.#take())
    return this.#own.name
  }

  /** Whether somebody holds it: its owner, which is alive then. */
  isHeld(name: string): boolean {
    if (name === this.#own?.name) return true
    try {
      const url = pathToFileURL(join(this.#folder, name))
      url.search = 'mode=rw' // not made when it is not there
      using lock = new DatabaseSync(url)
      lock.exec('begin exclusive')
      return false
    } catch (error) {
      return isBusy(error)
    }
  }

  /** Removes what the dead have left. @throws {StateError} */
  sweep(): void {
    this.#alone(() => {
      const left = namesIn(this.#folder).filter((name) => !this.isHeld(name))
      for (const name of left) rmSync(join(this.#folder, name), { force: true })
    })
  }

  [Symbol.dispose](): void {
    if (this.#own === undefined) return
    this.#own.database.close()
    rmSync(join(this.#folder, this.#own.name), { force: true })
    this.#own = undefined
  }

  #alone<T>(work: () => T): T {
    try {
      return withOpeningLock(this.#stateFolder, work)
    } catch (error) {
      throw explainSqlite(error, this.#folder)
    }
  }

  #take(): { name: string; database: DatabaseSync } {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const name = `${process.pid}-${randomBytes(8).toString('hex')}`
    const path = join(this.#folder, name)
    makePrivateFile(path)
    const database = new DatabaseSync(path)
    database.exec('begin exclusive')
    return { name, database }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
