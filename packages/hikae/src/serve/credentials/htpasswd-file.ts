import { readFile, stat } from 'node:fs/promises'
import { errorMessage } from '../../errors.ts'
import { parseHtpasswd, type PasswordEntry } from './htpasswd.ts'

/** A change takes effect after at most so long. */
const LOOK_EVERY_MS = 1000

/** The users in a file that may be edited while the server runs. */
export class HtpasswdFile {
  readonly path: string
  readonly #onProblem: (problem: string) => void
  #users: ReadonlyMap<string, PasswordEntry> = new Map()
  #version = ''
  #lookedAt = 0

  private constructor(path: string, onProblem: (problem: string) => void) {
    this.path = path
    this.#onProblem = onProblem
  }

  /**
   * @param onProblem told what is wrong with the file, now and after later changes
   * @throws the system's error when the file cannot be read
   */
  static async open(path: string, onProblem: (problem: string) => void): Promise<HtpasswdFile> {
    const file = new HtpasswdFile(path, onProblem)
    await file.#load()
    return file
  }

  /** As the file is now. While it cannot be read, those who were in it last stay. */
  async users(): Promise<ReadonlyMap<string, PasswordEntry>> {
    if (Date.now() - this.#lookedAt < LOOK_EVERY_MS) return this.#users
    this.#lookedAt = Date.now()
    try {
      await this.#load()
    } catch (error) {
      if (this.#version !== 'unreadable') this.#onProblem(`cannot read ${this.path}: ${errorMessage(error)}`)
      this.#version = 'unreadable'
    }
    return this.#users
  }

  async #load(): Promise<void> {
    const { mode, mtimeMs, size, ino } = await stat(this.path)
    const version = [mode, mtimeMs, size, ino].join(' ')
    if (version === this.#version) return
    const { users, problems } = parseHtpasswd(await readFile(this.path, 'utf8'))
    this.#users = users
    this.#version = version
    this.#lookedAt = Date.now()
    for (const problem of problems) this.#onProblem(`${this.path}, ${problem}`)
    if (mode & 0o007) this.#onProblem(`${this.path} can be read by everybody on this machine: chmod 640 it`)
  }
}
