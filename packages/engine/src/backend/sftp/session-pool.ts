import type { SftpSession } from './session.ts'

/** A session with so many bytes under way is busy enough that another one may help. */
const BUSY_BYTES = 4 * 1024 * 1024

interface Member {
  readonly session: SftpSession
  /** Bytes of the work that is under way on it. */
  load: number
}

/**
 * The sessions to one server. There is one as long as it will do. While all are busy more are opened beside the work; when
 * the server refuses one (MaxSessions, MaxStartups, a limit of its provider), those that are there have to do. A session
 * that has ended is forgotten, and the next call opens a new one.
 */
export class SessionPool {
  readonly #connect: () => Promise<SftpSession>
  readonly #most: number
  #members: Member[] = []
  #connecting: Promise<Member> | undefined
  #mayGrow = true
  #isClosed = false

  constructor(connect: () => Promise<SftpSession>, most: number) {
    this.#connect = connect
    this.#most = most
  }

  /**
   * Runs `work` on the session with the least under way.
   *
   * @param bytes how much the work will move, 0 when it is little
   */
  async use<T>(bytes: number, signal: AbortSignal | undefined, work: (session: SftpSession) => Promise<T>): Promise<T> {
    signal?.throwIfAborted()
    const member = this.#leastBusy() ?? (await untilAborted(this.#open(), signal))
    this.#growIfBusy()
    member.load += bytes
    try {
      return await work(member.session)
    } finally {
      member.load -= bytes
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#connecting?.catch(() => undefined)
    const members = this.#members
    this.#members = []
    await Promise.all(members.map(({ session }) => session.end()))
  }

  #leastBusy(): Member | undefined {
    this.#members = this.#members.filter(({ session }) => session.isOpen)
    if (this.#members.length === 0) this.#mayGrow = true
    return this.#members.toSorted((a, b) => a.load - b.load)[0]
  }

  /** One at a time: servers refuse many connections that begin together. */
  #open(): Promise<Member> {
    this.#connecting ??= this.#connect()
      .then(async (session) => {
        const member = { session, load: 0 }
        if (this.#isClosed) await session.end()
        else this.#members.push(member)
        return member
      })
      .finally(() => (this.#connecting = undefined))
    return this.#connecting
  }

  #growIfBusy(): void {
    if (!this.#mayGrow || this.#connecting !== undefined || this.#members.length >= this.#most) return
    if (this.#members.some(({ load }) => load < BUSY_BYTES)) return
    this.#open().catch(() => (this.#mayGrow = false))
  }
}

/** The same promise, but an abort is thrown at once; what was begun goes on unwatched. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  promise.catch(() => undefined)
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
