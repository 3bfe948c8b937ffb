/** Waits for more bytes wherever it yields. */
export type Reading<T> = Generator<undefined, T, undefined>

/** Reads the primitives of an RDB file from pieces that come one after the other; holds no more than one piece. */
export class ByteReader {
  #piece: Uint8Array = new Uint8Array()
  #at = 0

  /** Only when the reading has asked for it: what is left of the piece before is lost. */
  give(piece: Uint8Array): void {
    this.#piece = piece
    this.#at = 0
  }

  *byte(): Reading<number> {
    while (this.#at >= this.#piece.length) yield
    return this.#piece[this.#at++]!
  }

  *skip(length: number): Reading<void> {
    for (let left = length; left > 0;) {
      const step = Math.min(left, this.#piece.length - this.#at)
      this.#at += step
      left -= step
      if (left > 0) yield
    }
  }

  *length(): Reading<number> {
    const first = yield* this.byte()
    return yield* this.#lengthFrom(first)
  }

  *skipString(): Reading<void> {
    const first = yield* this.byte()
    if (first < 0xc0) return yield* this.skip(yield* this.#lengthFrom(first))
    switch (first) {
      case 0xc0:
        return yield* this.skip(1)
      case 0xc1:
        return yield* this.skip(2)
      case 0xc2:
        return yield* this.skip(4)
      case 0xc3: {
        const compressed = yield* this.length()
        yield* this.length()
        return yield* this.skip(compressed)
      }
      default:
        throw new UnknownContentError(`a text of encoding ${first & 0x3f}`)
    }
  }

  *#lengthFrom(first: number): Reading<number> {
    if (first < 0x40) return first
    if (first < 0x80) return ((first & 0x3f) << 8) | (yield* this.byte())
    if (first === 0x80) return yield* this.#number(4)
    if (first === 0x81) return yield* this.#number(8)
    throw new UnknownContentError(`a length of encoding ${first}`)
  }

  *#number(bytes: number): Reading<number> {
    let value = 0
    for (let index = 0; index < bytes; index++) value = value * 256 + (yield* this.byte())
    return value
  }
}

/** Something that this version does not know, after which nothing more can be told. */
export class UnknownContentError extends Error {
  override readonly name = 'UnknownContentError'
}
