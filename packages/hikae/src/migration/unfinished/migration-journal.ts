import type { Environment } from '../../environment.ts'
import {
  forgetMigration,
  lockMigration,
  type MigrationRecord,
  migrationsFolder,
  newMigration,
  writeMigration,
} from './migration-record.ts'

/** Writes down what a migration is about to make, before it makes it. Disposing of it says that its process is over. */
export class MigrationJournal implements AsyncDisposable {
  readonly #folder: string
  readonly #lock: Disposable
  #record: MigrationRecord

  private constructor(folder: string, record: MigrationRecord, lock: Disposable) {
    this.#folder = folder
    this.#record = record
    this.#lock = lock
  }

  static async begin(
    { what, to, now }: { readonly what: string; readonly to: string; readonly now: Date },
    env: Environment,
  ): Promise<MigrationJournal> {
    const folder = await migrationsFolder(env)
    const record = newMigration({ what, to }, now)
    // Nobody else knows of it yet.
    const lock = lockMigration(folder, record)!
    await writeMigration(folder, record)
    return new MigrationJournal(folder, record, lock)
  }

  get record(): MigrationRecord {
    return this.#record
  }

  async note(changes: Partial<Pick<MigrationRecord, 'folder' | 'images' | 'names' | 'isStarting'>>): Promise<void> {
    this.#record = { ...this.#record, ...changes }
    await writeMigration(this.#folder, this.#record)
  }

  /** Nothing has to be removed any more. */
  async finish(): Promise<void> {
    await forgetMigration(this.#folder, this.#record)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lock[Symbol.dispose]()
  }
}
