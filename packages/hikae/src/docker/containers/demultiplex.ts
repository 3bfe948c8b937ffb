/** A part of what a program in a container printed. */
export interface OutputPart {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Uint8Array
}

const HEADER = 8
const STDERR = 2

/**
 * Takes apart what an engine sends of a program without a terminal: frames of a header (the stream, three zeros, the length
 * as 32 bits big-endian) and bytes. Reads on only when what it gave was taken.
 *
 * @throws {Error} it ends within a frame
 */
export async function* demultiplex(stream: AsyncIterable<Uint8Array>): AsyncGenerator<OutputPart> {
  let header = Buffer.alloc(0)
  let left = 0
  let current: OutputPart['stream'] = 'stdout'
  for await (const chunk of stream) {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    while (bytes.length > 0) {
      if (left === 0) {
        const taken = Math.min(HEADER - header.length, bytes.length)
        header = Buffer.concat([header, bytes.subarray(0, taken)])
        bytes = bytes.subarray(taken)
        if (header.length < HEADER) break
        current = header[0] === STDERR ? 'stderr' : 'stdout'
        left = header.readUInt32BE(4)
        header = Buffer.alloc(0)
        continue
      }
      const part = bytes.subarray(0, left)
      left -= part.length
      bytes = bytes.subarray(part.length)
      yield { stream: current, bytes: part }
    }
  }
  if (left > 0 || header.length > 0) throw new Error('the engine broke the output off')
}
