import type { DirectoryEntry, FileContent } from '@hikae/engine'
import { UsageError } from '../../errors.ts'
import { madeFile, madeRoot } from '../../sources/made-entry.ts'
import { argumentBytes } from '../repository/byte-argument.ts'

/** Bytes that are saved as one file. */
export interface StreamInput {
  /** For messages. */
  readonly description: string
  /** Throws at its end when the bytes are not to be trusted. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>
}

/** A stream that says afterwards how long it was. */
export interface CountedStream extends StreamInput {
  readonly bytes: number
}

/**
 * A tree with one file in it, whose content is the stream.
 *
 * @param name of the file in the snapshot; slashes make directories
 * @param timeNs of the file; now by default
 */
export function streamRoot(
  name: string,
  stream: StreamInput,
  timeNs: bigint = BigInt(Date.now()) * 1_000_000n,
): { root: DirectoryEntry; path: string; counted: CountedStream } {
  const components = name.split('/').filter((part) => part !== '' && part !== '.')
  const last = components.at(-1)
  if (last === undefined || components.includes('..')) throw new UsageError(`'${name}' is no name for a file`)
  const counted = countBytes(stream)
  const options = { timeNs, mode: 0o644 }
  const content: FileContent = { kind: 'stream', open: (signal) => counted.open(signal) }
  const file = madeFile(argumentBytes(last), content, options)
  const root = madeRoot(components.slice(0, -1).map(argumentBytes), file, { timeNs, mode: 0o755 })
  return { root, path: `/${components.join('/')}`, counted }
}

function countBytes(stream: StreamInput): CountedStream {
  let bytes = 0
  return {
    description: stream.description,
    get bytes() {
      return bytes
    },
    async *open(signal) {
      for await (const chunk of stream.open(signal)) {
        bytes += chunk.length
        yield chunk
      }
    },
  }
}
