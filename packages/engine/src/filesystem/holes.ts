import { lastError, nativeFunction } from '../native/libc.ts'

export interface ByteRange {
  readonly start: number
  /** First byte after it. */
  readonly end: number
}

/**
 * The parts of an open file that have storage, ascending; what lies between them reads as zeros. A file system that
 * knows no holes gives one range. Moves the descriptor's offset.
 *
 * @param size bytes to look at, usually the file's size
 * @throws {SystemCallError}
 */
export function* dataRanges(descriptor: number, size: number): Generator<ByteRange, void, undefined> {
  for (let end = 0; end < size;) {
    const start = seek(descriptor, end, SEEK_DATA)
    if (start === undefined || start >= size) return
    // There is a hole at the end of every file, so undefined means that the file was cut meanwhile.
    end = Math.min(seek(descriptor, start, SEEK_HOLE) ?? size, size)
    yield { start, end }
  }
}

/**
 * Reserves storage up to `size` without changing the file's length, so that a full disk is noticed before the data is
 * written and the file lies in one piece. False when the file system cannot.
 *
 * @throws {SystemCallError} ENOSPC among others
 */
export function preallocate(descriptor: number, size: number): boolean {
  return size === 0 || allocate(descriptor, FALLOC_FL_KEEP_SIZE, { start: 0, end: size })
}

/** Gives a range's storage back; it reads as zeros from then on. False when the file system cannot. */
export function punchHole(descriptor: number, range: ByteRange): boolean {
  return allocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, range)
}

const SEEK_DATA = 3
const SEEK_HOLE = 4
const FALLOC_FL_KEEP_SIZE = 1
const FALLOC_FL_PUNCH_HOLE = 2

/** Undefined: nothing of that kind from there on. */
function seek(descriptor: number, offset: number, whence: number): number | undefined {
  const found = lseek()(descriptor, offset, whence)
  if (found >= 0) return found
  const error = lastError('lseek')
  if (error.code === 'ENXIO') return undefined
  throw error
}

function allocate(descriptor: number, mode: number, { start, end }: ByteRange): boolean {
  if (fallocate()(descriptor, mode, start, end - start) === 0) return true
  const error = lastError('fallocate')
  if (error.code === 'ENOTSUP' || error.code === 'EOPNOTSUPP' || error.code === 'ENOSYS') return false
  throw error
}

type Lseek = (descriptor: number, offset: number, whence: number) => number
const lseek = nativeFunction<Lseek>('lseek', 'int64_t', ['int', 'int64_t', 'int'])

type Fallocate = (descriptor: number, mode: number, offset: number, length: number) => number
const fallocate = nativeFunction<Fallocate>('fallocate', 'int', ['int', 'int', 'int64_t', 'int64_t'])
