import { createHash } from 'node:crypto'
import type { PackId } from '@hikae/engine'
import { readState, storeState } from '../state/state-file.ts'

/** Eight bytes; another form of the file gets another number. */
const MAGIC = Buffer.from('hikaerd1')
const ID_BYTES = 32
const RECORD_BYTES = ID_BYTES + 8
const DIGEST_BYTES = 32
/** What a check that is killed loses at most. */
const SAVE_EVERY_MS = 60_000

/**
 * When packs were read and found whole, in a file that only its owner can read: 40 bytes per pack. It is saved every
 * minute and when it is disposed of, whole or not at all. A file that is damaged or of another form counts as none: at
 * worst, everything is read once more.
 */
export class ReadMemory implements AsyncDisposable {
  readonly times: Map<PackId, number>
  readonly #path: string
  readonly #onFailure: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  #saving: Promise<void> = Promise.resolve()

  private constructor(path: string, times: Map<PackId, number>, onFailure: (error: unknown) => void) {
    this.#path = path
    this.times = times
    this.#onFailure = onFailure
    this.#timer = setInterval(() => void this.save(), SAVE_EVERY_MS)
    this.#timer.unref()
  }

  /** @param onFailure is told when the memory could not be read or saved */
  static async open(path: string, onFailure: (error: unknown) => void): Promise<ReadMemory> {
    let stored: Buffer | undefined
    try {
      stored = await readState(path)
    } catch (error) {
      onFailure(error)
    }
    return new ReadMemory(path, (stored && decode(stored)) ?? new Map(), onFailure)
  }

  /** A failure is told to `onFailure`, and not thrown. */
  async save(): Promise<void> {
    this.#saving = this.#saving.then(() => storeState(this.#path, encode(this.times))).catch(this.#onFailure)
    await this.#saving
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.save()
  }
}

function encode(times: ReadonlyMap<PackId, number>): Buffer {
  const content = Buffer.alloc(MAGIC.length + times.size * RECORD_BYTES)
  let at = MAGIC.copy(content)
  for (const [id, time] of times) {
    content.write(id, at, 'hex')
    at = content.writeDoubleLE(time, at + ID_BYTES)
  }
  return Buffer.concat([content, digestOf(content)])
}

function decode(stored: Buffer): Map<PackId, number> | undefined {
  const content = stored.subarray(0, Math.max(0, stored.length - DIGEST_BYTES))
  if (!content.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  if (!digestOf(content).equals(stored.subarray(content.length))) return undefined
  const times = new Map<PackId, number>()
  for (let at = MAGIC.length; at < content.length; at += RECORD_BYTES) {
    times.set(content.toString('hex', at, at + ID_BYTES) as PackId, content.readDoubleLE(at + ID_BYTES))
  }
  return times
}

function digestOf(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest()
}
