import { createRequire } from 'node:module'
import { constants } from 'node:os'
import type * as Koffi from 'koffi'
import { SystemCallError } from './system-call-error.ts'

interface LoadedLibrary {
  readonly koffi: typeof Koffi
  readonly library: Koffi.LibraryHandle
}

let loaded: LoadedLibrary | undefined

/**
 * A C function of the running process's own libc, glibc and musl alike. Nothing is loaded before the first call of
 * what this returns; loading takes about 10 ms, a call about 1 µs. Paths and names are NUL-terminated buffers.
 *
 * @param result koffi's name of the result type; @param parameters those of the parameters
 */
export function nativeFunction<Signature extends (...parameters: never[]) => unknown>(
  name: string,
  result: string,
  parameters: readonly string[],
): () => Signature {
  let bound: Signature | undefined
  return () => (bound ??= load().library.func(name, result, [...parameters]) as unknown as Signature)
}

/** The error that the last native call on this thread left in `errno`; to be asked for at once. */
export function lastError(systemCall: string, path?: string): SystemCallError {
  return new SystemCallError(load().koffi.errno(), systemCall, path)
}

/**
 * What C functions take for a byte string: its bytes and a NUL.
 *
 * @throws {SystemCallError} EINVAL for one that has a NUL in it, of which C would see the beginning only
 */
export function cString(bytes: string): Buffer {
  if (bytes.includes('\0')) throw new SystemCallError(constants.errno.EINVAL, 'cString', bytes)
  const buffer = Buffer.allocUnsafe(bytes.length + 1)
  buffer.write(bytes, 'latin1')
  buffer[bytes.length] = 0
  return buffer
}

/** Numeric address of a buffer's first byte, to make sense of pointers that a call left in another one. */
export function addressOf(buffer: Uint8Array): bigint {
  return load().koffi.address(buffer)
}

function load(): LoadedLibrary {
  if (loaded === undefined) {
    // Not an import: most commands never need the native part and should not wait for it.
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi
    loaded = { koffi, library: koffi.load(null) }
  }
  return loaded
}
