import type { DatabaseFacts } from '../facts.ts'
import { ByteReader, type Reading, UnknownContentError } from './byte-reader.ts'
import { skipModuleValue, skipValue } from './skip-value.ts'

/** Counts the keys of an RDB file while it passes. */
export class KeyCounter {
  readonly #reader = new ByteReader()
  readonly #databases = new Map<number, { keys: number; expiring: number }>()
  readonly #reading = this.#read()
  #end: 'open' | 'ended' | UnknownContentError = 'open'

  constructor() {
    this.#reading.next()
  }

  /** What comes behind the end is not looked at. */
  give(piece: Uint8Array): void {
    if (this.#end !== 'open') return
    this.#reader.give(piece)
    try {
      if (this.#reading.next().done === true) this.#end = 'ended'
    } catch (error) {
      if (!(error instanceof UnknownContentError)) throw error
      this.#end = error
    }
  }

  /** `unknown` is what it stopped at, `undefined` when it did not. */
  result(): { readonly isEnded: boolean; readonly databases: DatabaseFacts[]; readonly unknown: string | undefined } {
    const databases = [...this.#databases].map(([number, counts]) => ({ number, ...counts }))
    const unknown = typeof this.#end === 'string' ? undefined : this.#end.message
    return { isEnded: this.#end === 'ended', databases: databases.filter(({ keys }) => keys > 0), unknown }
  }

  *#read(): Reading<void> {
    const reader = this.#reader
    yield* reader.skip(9)
    let database = 0
    let isExpiring = false
    for (;;) {
      const code = yield* reader.byte()
      switch (code) {
        case 0xff:
          return
        case 0xfe:
          database = yield* reader.length()
          break
        case 0xfd:
        case 0xfc:
          isExpiring = true
          yield* reader.skip(code === 0xfd ? 4 : 8)
          break
        case 0xfb: // sizes of tables
          yield* reader.length()
          yield* reader.length()
          break
        case 0xfa: // facts of the server
          yield* reader.skipString()
          yield* reader.skipString()
          break
        case 0xf9: // how often a key is used, or not used for how long
          yield* reader.skip(1)
          break
        case 0xf8:
          yield* reader.length()
          break
        case 0xf7:
          yield* reader.length()
          yield* skipModuleValue(reader)
          break
        case 0xf5: // functions
          yield* reader.skipString()
          break
        case 0xf4: // sizes of a cluster's slot
          for (let index = 0; index < 3; index++) yield* reader.length()
          break
        default:
          if (code > 200) throw new UnknownContentError(`an entry of type ${code}`)
          yield* reader.skipString()
          yield* skipValue(reader, code)
          this.#count(database, isExpiring)
          isExpiring = false
      }
    }
  }

  #count(database: number, isExpiring: boolean): void {
    const counts = this.#databases.get(database) ?? { keys: 0, expiring: 0 }
    this.#databases.set(database, counts)
    counts.keys++
    if (isExpiring) counts.expiring++
  }
}
