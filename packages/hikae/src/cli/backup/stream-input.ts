import type { DirectoryEntry, Entry, EntryMetadata, FileEntry } from '@hikae/engine'
import { ownIdentity } from '../identity.ts'
import { UsageError } from '../../errors.ts'
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

const FILE = 0o100_644
const DIRECTORY = 0o040_755

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
  const file: FileEntry = {
    kind: 'file',
    name: argumentBytes(last),
    metadata: metadata(FILE, timeNs),
    content: { kind: 'stream', open: (signal) => counted.open(signal) },
  }
  const inner = components
    .slice(0, -1)
    .reduceRight<Entry>((child, part) => directory(argumentBytes(part), child, timeNs), file)
  return { root: directory('', inner, timeNs), path: `/${components.join('/')}`, counted }
}

function directory(name: string, child: Entry, timeNs: bigint): DirectoryEntry {
  return { kind: 'directory', name, metadata: metadata(DIRECTORY, timeNs), children: () => [child] }
}

function metadata(mode: number, timeNs: bigint): EntryMetadata {
  const { uid, gid } = ownIdentity()
  return {
    mode,
    uid,
    gid,
    mtimeNs: timeNs,
    atimeNs: timeNs,
    ctimeNs: timeNs,
    inode: 0n,
    deviceId: 0n,
    links: 1n,
    rdev: 0n,
    size: 0,
  }
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
