/** What passes, as it is; `bytes` is of all that came so far. */
export interface Counted extends AsyncIterable<Uint8Array> {
  readonly bytes: number
}

export function counted(content: AsyncIterable<Uint8Array>): Counted {
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    async *[Symbol.asyncIterator]() {
      for await (const part of content) {
        bytes += part.length
        yield part
      }
    },
  }
}
