import { cString, lastError, nativeFunction } from '../native/libc.ts'

export interface FileTimes {
  /** Nanoseconds since the epoch; negative before it. */
  readonly atimeNs: bigint
  readonly mtimeNs: bigint
}

/** Sets the times of the entry itself, also when it is a symlink. @throws {SystemCallError} */
export function setTimes(path: string, times: FileTimes): void {
  const result = utimensat()(AT_FDCWD, cString(path), timespecs(times), AT_SYMLINK_NOFOLLOW)
  if (result !== 0) throw lastError('utimensat', path)
}

/** Sets the times of an open file. @throws {SystemCallError} */
export function setTimesOfDescriptor(descriptor: number, times: FileTimes): void {
  if (futimens()(descriptor, timespecs(times)) !== 0) throw lastError('futimens')
}

const AT_FDCWD = -100
const AT_SYMLINK_NOFOLLOW = 0x100
const SECOND = 1_000_000_000n

/** Two `struct timespec`: whole seconds, rounded down, and the nanoseconds left, never negative. */
function timespecs({ atimeNs, mtimeNs }: FileTimes): Uint8Array {
  const words = new BigInt64Array(4)
  for (const [index, time] of [atimeNs, mtimeNs].entries()) {
    const nanoseconds = ((time % SECOND) + SECOND) % SECOND
    words[2 * index] = (time - nanoseconds) / SECOND
    words[2 * index + 1] = nanoseconds
  }
  return new Uint8Array(words.buffer)
}

type Utimensat = (directory: number, path: Uint8Array, times: Uint8Array, flags: number) => number
const utimensat = nativeFunction<Utimensat>('utimensat', 'int', ['int', 'const uint8_t *', 'const uint8_t *', 'int'])

type Futimens = (descriptor: number, times: Uint8Array) => number
const futimens = nativeFunction<Futimens>('futimens', 'int', ['int', 'const uint8_t *'])
