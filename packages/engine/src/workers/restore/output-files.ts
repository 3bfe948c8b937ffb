import { chmodSync, closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, writeSync } from 'node:fs'
import { rmdirSync, unlinkSync } from 'node:fs'
import { pathBytes } from '../../filesystem/byte-path.ts'
import { punchHole } from '../../filesystem/holes.ts'
import { OPENING, type Opening } from '../restore-protocol.ts'

const { O_WRONLY, O_RDONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants
const OWNER_ONLY = 0o600

/**
 * Opens a regular file for writing. A new one belongs to its owner alone until it gets its mode; nothing that is there is
 * ever written through: neither a symlink nor, for `create` and `replace`, another file.
 */
export function openForWriting(path: string, opening: Opening): number {
  if (opening === OPENING.existing) return openExisting(path, O_WRONLY)
  if (opening === OPENING.replace) removeObstacle(path)
  return openSync(pathBytes(path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, OWNER_ONLY)
}

/** Opens a regular file that is there for reading; also good for changing its metadata. */
export function openForReading(path: string): number {
  return openExisting(path, O_RDONLY)
}

function openExisting(path: string, access: number): number {
  const bytes = pathBytes(path)
  const flags = access | O_NOFOLLOW | O_NONBLOCK
  let descriptor: number
  try {
    descriptor = openSync(bytes, flags)
  } catch (error) {
    // A file that its owner made read-only can be changed by making it writable; its mode is set anyway afterwards.
    if ((error as NodeJS.ErrnoException).code !== 'EACCES' || !lstatSync(bytes).isFile()) throw error
    chmodSync(bytes, OWNER_ONLY)
    descriptor = openSync(bytes, flags)
  }
  if (fstatSync(descriptor).isFile()) return descriptor
  closeSync(descriptor)
  throw Object.assign(new Error('it is no regular file any more'), { code: 'NOT_A_FILE' })
}

/** Removes what is in the way: a directory only when it is empty. Nothing to remove is fine. */
export function removeObstacle(path: string): void {
  const bytes = pathBytes(path)
  const found = lstatSync(bytes, { throwIfNoEntry: false })
  if (found === undefined) return
  if (found.isDirectory()) rmdirSync(bytes)
  else unlinkSync(bytes)
}

export function writeFully(descriptor: number, content: Uint8Array, position: number): void {
  for (let written = 0; written < content.length;) {
    written += writeSync(descriptor, content, written, content.length - written, position + written)
  }
}

/** Zeros shorter than this are written: a hole saves whole blocks only. */
const BLOCK_BYTES = 4096
const ZEROS = Buffer.alloc(BLOCK_BYTES)

/**
 * Writes content without its blocks of zeros.
 *
 * @param isNew nothing was there before, so what is not written is a hole; else the old content gives way to one
 */
export function writeSparsely(descriptor: number, content: Buffer, position: number, isNew: boolean): void {
  let start = 0
  while (start < content.length) {
    const isZero = isZeroBlock(content, start, position)
    let end = blockEnd(content, start, position)
    while (end < content.length && isZeroBlock(content, end, position) === isZero) {
      end = blockEnd(content, end, position)
    }
    const range = { start: position + start, end: position + end }
    const skip = isZero && (isNew || punchHole(descriptor, range))
    if (!skip) writeFully(descriptor, content.subarray(start, end), range.start)
    start = end
  }
}

/** Blocks are the file's, not the content's. */
function blockEnd(content: Buffer, start: number, position: number): number {
  return Math.min(content.length, start + BLOCK_BYTES - ((position + start) % BLOCK_BYTES))
}

function isZeroBlock(content: Buffer, start: number, position: number): boolean {
  const end = blockEnd(content, start, position)
  return content.compare(ZEROS, 0, end - start, start, end) === 0
}

/** Makes the file that long when it is not; a file that grows ends in a hole. */
export function setLength(descriptor: number, size: number): void {
  if (fstatSync(descriptor).size !== size) ftruncateSync(descriptor, size)
}

const MOST_OPEN = 64

/** Files that are written in many parts, kept open: the least recently used one makes room. */
export class OpenFiles implements Disposable {
  readonly #descriptors = new Map<number, number>()

  get(position: number, path: () => string): number {
    const known = this.#descriptors.get(position)
    if (known !== undefined) {
      this.#descriptors.delete(position)
      this.#descriptors.set(position, known)
      return known
    }
    const [oldest] = this.#descriptors.keys()
    if (this.#descriptors.size >= MOST_OPEN) this.close(oldest!)
    const descriptor = openForWriting(path(), OPENING.existing)
    this.#descriptors.set(position, descriptor)
    return descriptor
  }

  close(position: number): void {
    const descriptor = this.#descriptors.get(position)
    if (descriptor === undefined) return
    this.#descriptors.delete(position)
    closeSync(descriptor)
  }

  [Symbol.dispose](): void {
    for (const position of Array.from(this.#descriptors.keys())) this.close(position)
  }
}
