import { createHash } from 'node:crypto'

/** `sha256:…` of some bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The hexadecimal digits of a digest, by which it is stored. */
export function digitsOf(digest: string): string {
  return digest.replace('sha256:', '')
}

/** What passes, as it is; `bytes` and `digest` are of all that came so far. */
export interface Digested extends AsyncIterable<Uint8Array> {
  readonly bytes: number
  digest(): string
}

export function digested(content: AsyncIterable<Uint8Array>): Digested {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    digest: () => `sha256:${hash.copy().digest('hex')}`,
    async *[Symbol.asyncIterator]() {
      for await (const part of content) {
        hash.update(part)
        bytes += part.length
        yield part
      }
    },
  }
}
