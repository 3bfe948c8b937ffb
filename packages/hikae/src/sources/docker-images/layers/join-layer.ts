import { ByteReader } from '../../../archives/byte-reader.ts'
import { InputError } from '../../../errors.ts'
import { CONTENT_LENGTH_BYTES, HEADER_LENGTH_BYTES } from './frames.ts'

const PIECE_BYTES = 256 * 1024

/**
 * The archive of a layer from its two parts, as `separateLayer` made them.
 *
 * @param layer for messages
 * @throws {InputError} the parts do not fit each other @throws what reading them throws
 */
export async function* joinLayer(
  layer: string,
  { headers, content }: { readonly headers: AsyncIterable<Uint8Array>; readonly content: AsyncIterable<Uint8Array> },
): AsyncGenerator<Uint8Array, void, undefined> {
  const [frames, contents] = [new ByteReader(headers), new ByteReader(content)]
  try {
    for (;;) {
      const length = await frames.upTo(HEADER_LENGTH_BYTES)
      if (length.length === 0) break
      if (length.length < HEADER_LENGTH_BYTES) throw mismatch(layer)
      yield* exactly(frames, length.readUInt32BE(), layer)
      const contentLength = await frames.upTo(CONTENT_LENGTH_BYTES)
      if (contentLength.length < CONTENT_LENGTH_BYTES) throw mismatch(layer)
      yield* exactly(contents, Number(contentLength.readBigUInt64BE()), layer)
    }
    if (await contents.some(1)) throw mismatch(layer)
  } finally {
    await frames.close()
    await contents.close()
  }
}

async function* exactly(
  reader: ByteReader,
  length: number,
  layer: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let left = length; left > 0;) {
    const piece = await reader.some(Math.min(left, PIECE_BYTES))
    if (!piece) throw mismatch(layer)
    left -= piece.length
    yield piece
  }
}

function mismatch(layer: string): InputError {
  return new InputError(`the parts of the layer ${layer} do not fit each other`, {
    hint: 'run `hikae check --read-data` on the repository, and use another recovery point',
  })
}
