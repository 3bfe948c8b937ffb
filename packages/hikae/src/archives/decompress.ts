import { createReadStream } from 'node:fs'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { errorMessage, systemCode } from '../errors.ts'
import { startProgram } from '../process/program.ts'
import { ProgramFailedError } from '../process/program-failed-error.ts'
import { ArchiveError, DAMAGED_HINT, UNPACK_HINT } from './archive-error.ts'
import type { Compression } from './archive-name.ts'
import { zstdFrames } from './zstd-frames.ts'

const PIECE_BYTES = 256 * 1024

/**
 * The bytes of a file, unpacked. They are good only when the end was reached without an error: that is where checksums
 * stand. gzip and zstd are read by Node, xz and bzip2 by the system's programs of these names.
 *
 * @throws {ArchiveError} truncated, damaged, followed by something else, or the program is missing
 */
export function decompressed(
  path: Buffer,
  compression: Compression,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  switch (compression) {
    case 'none':
      return plain(path, signal)
    case 'gzip':
      return gunzipped(path, signal)
    case 'zstd':
      return fromZstd(path, signal)
    case 'xz':
      return byProgram('xz', path, signal)
    case 'bzip2':
      return byProgram('bzip2', path, signal)
  }
}

async function* plain(path: Buffer, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  yield* createReadStream(path, { highWaterMark: PIECE_BYTES, signal }) as AsyncIterable<Uint8Array>
}

/** Several members after each other are one file, and zeros after the last are padding, as gzip has it. */
async function* gunzipped(path: Buffer, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = createGunzip({ chunkSize: PIECE_BYTES })
  yield* through(createReadStream(path, { highWaterMark: PIECE_BYTES }), decoder, 'gzip', signal)
  const rest = createReadStream(path, { start: decoder.bytesWritten, signal }) as AsyncIterable<Uint8Array>
  for await (const piece of rest) {
    if (piece.every((byte) => byte === 0)) continue
    throw new ArchiveError('something that is not gzip follows the compressed data', { hint: DAMAGED_HINT })
  }
}

async function* fromZstd(path: Buffer, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  let isEmpty = true
  for await (const frame of zstdFrames(plain(path, signal))) {
    isEmpty = false
    yield* through(Readable.from(frame), createZstdDecompress({ chunkSize: PIECE_BYTES }), 'zstd', signal)
  }
  if (isEmpty) throw new ArchiveError('the file has no zstd data', { hint: DAMAGED_HINT })
}

async function* through(
  source: Readable,
  decoder: Transform,
  format: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fed = pipeline(source, decoder, { signal }).then(
    () => undefined,
    (error: unknown) => error,
  )
  try {
    yield* decoder as AsyncIterable<Uint8Array>
    const error = await fed
    // The decoder ends before its input does when padding follows.
    if (error !== undefined && systemCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ArchiveError || (error instanceof Error && 'syscall' in error)) throw error
    throw decodingError(format, error)
  } finally {
    source.destroy()
    decoder.destroy()
  }
}

function decodingError(format: string, error: unknown): ArchiveError {
  if (systemCode(error) === 'ZSTD_error_frameParameter_windowTooLarge') {
    return new ArchiveError('the zstd data needs more than 128 MiB of memory to unpack (zstd --long)', {
      hint: 'unpack it with `zstd --decompress --long=31`, and import the result',
      cause: error,
    })
  }
  const what = systemCode(error) === 'Z_BUF_ERROR' ? 'ends too early' : `is damaged (${errorMessage(error)})`
  return new ArchiveError(`the ${format} data ${what}`, { hint: DAMAGED_HINT, cause: error })
}

async function* byProgram(
  program: 'xz' | 'bzip2',
  path: Buffer,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  await using running = startProgram([program, '--decompress', '--stdout'], { stdin: plain(path, signal), signal })
  yield* running.stdout
  try {
    await running.succeeded()
  } catch (error) {
    if (!(error instanceof ProgramFailedError)) throw error
    if (systemCode(error.cause) !== 'ENOENT') {
      throw new ArchiveError(`the ${program} data is damaged: ${error.message}`, { hint: DAMAGED_HINT, cause: error })
    }
    const hint = `install it (apt install ${program === 'xz' ? 'xz-utils' : program}), or ${UNPACK_HINT}`
    throw new ArchiveError(`the program ${program}, which unpacks it, is not installed`, { hint, cause: error })
  }
}
