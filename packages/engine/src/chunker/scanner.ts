import { InvalidInputError } from '../errors.ts'
import { isIrreducible } from './polynomial.ts'
import type { ChunkProfile } from './profile.ts'
import { instantiateRabin, type RabinExports } from './rabin-module.ts'
import { rabinTables, WINDOW_BYTES } from './tables.ts'

const PAGE_BYTES = 65_536
/** Positions are signed 32-bit numbers in the scanning code. */
const MAXIMUM_CAPACITY = 1024 * 1024 * 1024

/**
 * A scanner with a buffer of its own for content; make one per thread and keep it. Costs a few milliseconds, and memory
 * as far as the buffer has been written to.
 *
 * @param polynomial of the repository's config
 * @param capacityBytes size of {@link Scanner.buffer}, at most 1 GiB
 * @throws {InvalidInputError} the polynomial is not irreducible of degree 53
 */
export function createScanner(polynomial: bigint, capacityBytes: number): Scanner {
  if (!isIrreducible(polynomial)) {
    throw new InvalidInputError(`chunker polynomial ${polynomial.toString(16)} is not irreducible of degree 53`)
  }
  if (!(capacityBytes > 0 && capacityBytes <= MAXIMUM_CAPACITY)) {
    throw new RangeError(`a scanner cannot have a capacity of ${capacityBytes} bytes`)
  }
  const rabin = instantiateRabin()
  const { out, mod, nibbles } = rabinTables(polynomial)
  new BigUint64Array(rabin.memory.buffer, rabin.outTable.value, out.length).set(out)
  new BigUint64Array(rabin.memory.buffer, rabin.modTable.value, mod.length).set(mod)
  new Uint8Array(rabin.memory.buffer, rabin.nibbleTables.value, nibbles.length).set(nibbles)
  const offset = rabin.memory.grow(Math.ceil(capacityBytes / PAGE_BYTES)) * PAGE_BYTES
  return new Scanner(rabin, Buffer.from(rabin.memory.buffer, offset, capacityBytes))
}

/** Finds where content in its buffer is to be cut (§12). Offsets count bytes from the beginning of the buffer. */
export class Scanner {
  /** Put content here before asking for cuts: it is scanned in place. Cannot be transferred to another thread. */
  readonly buffer: Buffer
  readonly #rabin: RabinExports

  constructor(rabin: RabinExports, buffer: Buffer) {
    this.#rabin = rabin
    this.buffer = buffer
  }

  /**
   * The end of the chunk that begins at `start`.
   *
   * @param end where the content in the buffer ends
   * @param isLast whether the content ends there, or more will follow
   * @param from `end` of an earlier call for the same chunk that returned -1: what lies before is not scanned again
   * @returns -1 when more content is needed, or when there is none left (`start` equals `end`)
   */
  nextCut(profile: ChunkProfile, start: number, end: number, isLast: boolean, from: number = start): number {
    if (!(start >= 0 && start <= end && end <= this.buffer.length)) {
      throw new RangeError(`no content from ${start} to ${end} in a buffer of ${this.buffer.length} bytes`)
    }
    const limit = start + profile.maximum
    const last = Math.min(end, limit)
    // The window of 64 bytes then lies within the chunk, since no minimum is below that.
    const first = Math.max(start + Math.max(profile.minimum, WINDOW_BYTES), from + 1)
    const base = this.buffer.byteOffset
    const found = this.#rabin.find(base + first, base + last, profile.mask, profile.target)
    if (found >= 0) return found - base
    if (last === limit) return limit
    return isLast && start < end ? end : -1
  }

  /**
   * Appends the ends of all chunks from `start` on to `cuts`.
   *
   * @returns the end of the last whole chunk: `end` when `isLast`, else where the chunk begins that needs more content
   */
  cutAll(profile: ChunkProfile, start: number, end: number, isLast: boolean, cuts: number[]): number {
    let position = start
    for (;;) {
      const cut = this.nextCut(profile, position, end, isLast)
      if (cut < 0) return position
      cuts.push(cut)
      position = cut
    }
  }
}
