const SEGMENT_BYTES = 4 * 1024 * 1024
const SEGMENT_STRIDE = 2 ** 32

/**
 * Records of bytes that all threads can read: one writes, the others attach its segments. A record is named by its
 * position, a number that fits a double.
 */
export class RecordMemory {
  readonly #segments: Buffer[] = []
  readonly #onSegment: ((segment: SharedArrayBuffer) => void) | undefined
  #used = 0
  #bytes = 0

  /** @param onSegment called with each new segment, before anything is written to it */
  constructor(onSegment?: (segment: SharedArrayBuffer) => void) {
    this.#onSegment = onSegment
  }

  /** Bytes reserved so far. */
  get sizeBytes(): number {
    return this.#bytes
  }

  attach(segment: SharedArrayBuffer): void {
    this.#segments.push(Buffer.from(segment))
    this.#bytes += segment.byteLength
  }

  /** Stores a copy. @returns its position */
  append(record: Uint8Array): number {
    let current = this.#segments.at(-1)
    if (current === undefined || this.#used + record.length > current.length) {
      const segment = new SharedArrayBuffer(Math.max(SEGMENT_BYTES, record.length))
      this.#onSegment?.(segment)
      this.attach(segment)
      current = this.#segments.at(-1)!
      this.#used = 0
    }
    const offset = this.#used
    current.set(record, offset)
    this.#used += record.length
    return (this.#segments.length - 1) * SEGMENT_STRIDE + offset
  }

  /** The segment a record lies in, from the record's first byte on. */
  at(position: number): Buffer {
    const segment = Math.floor(position / SEGMENT_STRIDE)
    return this.#segments[segment]!.subarray(position - segment * SEGMENT_STRIDE)
  }
}
