import { createHmac, randomBytes } from 'node:crypto'
import { type BasicCredentials, parseBasicCredentials } from './basic-credentials.ts'
import { matchesSha1, type PasswordEntry } from './htpasswd.ts'
import type { HtpasswdFile } from './htpasswd-file.ts'
import { PasswordThread } from './password-thread.ts'

/** A password that was right is not compared again for so long. */
const REMEMBER_MS = 60_000

/** Longer ones than bcrypt looks at help nobody; much longer ones only cost time. */
const LONGEST_PASSWORD = 1024

/**
 * Tells who sends a request. A proven password is remembered for a minute, as a keyed hash that means nothing outside this
 * process; a wrong one is compared each time. Unknown users take as long as known ones.
 */
export class Authenticator implements AsyncDisposable {
  readonly #file: HtpasswdFile
  readonly #thread = new PasswordThread()
  readonly #key = randomBytes(32)
  /** By user: what proved the password, and until when (epoch ms) that counts. */
  readonly #proven = new Map<string, { proof: string; until: number }>()
  readonly #comparing = new Map<string, Promise<boolean>>()

  constructor(file: HtpasswdFile) {
    this.#file = file
  }

  /**
   * @param header the request's `Authorization`
   * @returns the user; undefined when the credentials are missing or wrong
   */
  async authenticate(header: string | undefined): Promise<string | undefined> {
    const credentials = parseBasicCredentials(header)
    if (credentials === undefined || credentials.password.length > LONGEST_PASSWORD) return undefined
    const users = await this.#file.users()
    const entry = users.get(credentials.user)
    if (entry !== undefined) return (await this.#matches(credentials, entry)) ? credentials.user : undefined
    const standIn = this.#standIn(credentials.user, users)
    if (standIn !== undefined) await this.#compare(credentials, standIn)
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]()
  }

  /** For an unknown user, always the same known one: what is compared, and how long that takes, gives nothing away. */
  #standIn(user: string, users: ReadonlyMap<string, PasswordEntry>): PasswordEntry | undefined {
    const number = createHmac('sha256', this.#key).update(user).digest().readUInt32BE()
    return [...users.values()][number % users.size]
  }

  async #matches(credentials: BasicCredentials, entry: PasswordEntry): Promise<boolean> {
    const proof = this.#proofOf(credentials, entry)
    const proven = this.#proven.get(credentials.user)
    if (proven !== undefined && proven.proof === proof && proven.until > Date.now()) return true
    const matches = await this.#compare(credentials, entry)
    if (matches) this.#proven.set(credentials.user, { proof, until: Date.now() + REMEMBER_MS })
    return matches
  }

  async #compare(credentials: BasicCredentials, entry: PasswordEntry): Promise<boolean> {
    if (entry.kind === 'sha1') return matchesSha1(credentials.password, entry.hash)
    // Clients open several connections at once: the first comparison is that of all.
    const proof = this.#proofOf(credentials, entry)
    const running = this.#comparing.get(proof)
    if (running !== undefined) return running
    const comparing = this.#thread.matches(credentials.password, entry.hash)
    this.#comparing.set(proof, comparing)
    return comparing.finally(() => this.#comparing.delete(proof))
  }

  /** With the hash: a password that was changed is no longer proven. */
  #proofOf({ user, password }: BasicCredentials, { hash }: PasswordEntry): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([user, password, hash]))
      .digest('hex')
  }
}
