import type { Bucket, ObjectTraits } from './bucket.ts'
import { isRefusal } from './refusal.ts'
import { putInParts, takesParts } from './put-in-parts.ts'

/** The first object that is at most this large tells whether the server keeps from replacing: it is sent twice. */
const PROBE_BYTES = 1024 * 1024

/**
 * Makes objects where there are none yet. Within one process exactly one of several makers of the same key wins; between
 * processes that holds where the server honours `If-None-Match: *` for a write. Servers that do are asked nothing more.
 * That one accepted the header proves nothing, so that servers that nothing is known of get the first small object twice:
 * who honours it refuses the second time, and whoever does not has replaced the object by the same content. Those that do
 * not are asked before each write whether the object is there. Nobody is asked about an object that is named by its
 * content: there can be nothing else to replace.
 */
export class ObjectCreation {
  readonly #bucket: Bucket
  readonly #makers = new Map<string, Promise<unknown>>()
  #honoursCondition: boolean | undefined
  #probe: Promise<unknown> | undefined

  /** @param honoursCondition undefined when it is not known */
  constructor(bucket: Bucket, honoursCondition: boolean | undefined) {
    this.#bucket = bucket
    this.#honoursCondition = honoursCondition
  }

  /** @returns false when there is an object already, which is left as it is */
  async create(
    key: string,
    content: Uint8Array,
    traits: ObjectTraits,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const before = this.#makers.get(key)
    const made = afterwards(before, () => this.#create(key, content, traits, signal))
    this.#makers.set(key, made)
    try {
      return await made
    } finally {
      if (this.#makers.get(key) === made) this.#makers.delete(key)
    }
  }

  async #create(
    key: string,
    content: Uint8Array,
    traits: ObjectTraits,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (takesParts(content)) return await this.#createInParts(key, content, traits, signal)
    if (traits.sha256 !== undefined) {
      if (this.#honoursCondition === false) return await this.#put(key, content, traits, signal)
      return await this.#putIfAbsent(key, content, traits, signal)
    }
    if (this.#honoursCondition === undefined && this.#probe) await this.#probe.catch(() => undefined)
    if (this.#honoursCondition) return await this.#putIfAbsent(key, content, traits, signal)
    if (await this.#exists(key, signal)) return false
    if (this.#honoursCondition === false) return await this.#put(key, content, traits, signal)
    if (this.#probe || content.length > PROBE_BYTES) return await this.#putIfAbsent(key, content, traits, signal)
    const probing = this.#putTwice(key, content, traits, signal)
    this.#probe = probing
    try {
      return await probing
    } finally {
      this.#probe = undefined
    }
  }

  async #putTwice(
    key: string,
    content: Uint8Array,
    traits: ObjectTraits,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (!(await this.#putIfAbsent(key, content, traits, signal))) return false
    if (this.#honoursCondition === false) return true
    try {
      this.#honoursCondition = !(await this.#putIfAbsent(key, content, traits, signal))
    } catch {
      // The object is made; the question stays open for the next one.
    }
    return true
  }

  /** Without the condition when the server does not take it. */
  async #putIfAbsent(
    key: string,
    content: Uint8Array,
    traits: ObjectTraits,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    try {
      await this.#bucket.put(key, content, { ...traits, onlyIfAbsent: true }, signal)
      return true
    } catch (error) {
      if (isRefusal(error, 412)) return false
      if (!isRefusal(error, 501)) throw error
    }
    this.#honoursCondition = false
    return await this.#put(key, content, traits, signal)
  }

  async #put(
    key: string,
    content: Uint8Array,
    traits: ObjectTraits,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    await this.#bucket.put(key, content, { ...traits, onlyIfAbsent: false }, signal)
    return true
  }

  /** Always looks first: some servers that honour the condition do not for objects in parts. */
  async #createInParts(
    key: string,
    content: Uint8Array,
    traits: ObjectTraits,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (await this.#exists(key, signal)) return false
    try {
      const onlyIfAbsent = this.#honoursCondition ?? false
      await putInParts(this.#bucket, key, content, { ...traits, onlyIfAbsent }, signal)
      return true
    } catch (error) {
      if (isRefusal(error, 412)) return false
      throw error
    }
  }

  async #exists(key: string, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await this.#bucket.head(key, signal)
      return true
    } catch (error) {
      if (isRefusal(error, 404)) return false
      throw error
    }
  }
}

async function afterwards<T>(before: Promise<unknown> | undefined, run: () => Promise<T>): Promise<T> {
  await before?.catch(() => undefined)
  return await run()
}
