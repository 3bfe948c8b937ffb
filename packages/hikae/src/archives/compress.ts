import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip, createZstdCompress } from 'node:zlib'

const PIECE_BYTES = 256 * 1024

/** @throws what the content throws */
export function gzipped(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  return through(content, createGzip({ chunkSize: PIECE_BYTES }))
}

/** With a checksum, which is what unpacking goes by. @throws what the content throws */
export function zstdCompressed(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const params = { [constants.ZSTD_c_checksumFlag]: 1 }
  return through(content, createZstdCompress({ chunkSize: PIECE_BYTES, params }))
}

async function* through(
  content: AsyncIterable<Uint8Array>,
  encoder: Transform,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fed = pipeline(Readable.from(content), encoder).then(
    () => undefined,
    (error: unknown) => error,
  )
  try {
    yield* encoder as AsyncIterable<Uint8Array>
    const error = await fed
    if (error !== undefined) throw error
  } finally {
    encoder.destroy()
  }
}
