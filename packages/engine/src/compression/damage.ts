import { DamagedError } from '../errors.ts'

const HINT = 'run `hikae check --read-data`'

/** The stream is no zstd, or a part of it is wrong or missing. */
export function invalidStream(reason: string, cause?: unknown): DamagedError {
  return new DamagedError(`the compressed data is not valid: ${reason}`, { hint: HINT, cause })
}

/** The content is whole in itself, but not as long as the index says. */
export function wrongLength(expected: number, found: number | bigint): DamagedError {
  return new DamagedError(`decompressed to ${found} bytes instead of ${expected}`, { hint: HINT })
}
