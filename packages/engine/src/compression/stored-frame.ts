const MAGIC = Buffer.of(0x28, 0xb5, 0x2f, 0xfd)
/** One segment, four bytes of content size, no checksum, no dictionary. */
const DESCRIPTOR = 0xa0
const HEADER_BYTES = MAGIC.length + 1 + 4
const BLOCK_HEADER_BYTES = 3
const BLOCK_BYTES = 128 * 1024
const LAST_BLOCK = 1

/** A zstd frame (RFC 8878) that holds `content` as it is, in raw blocks. Valid for less than 4 GiB. */
export function storedFrame(content: Uint8Array): Buffer {
  const blocks = Math.max(1, Math.ceil(content.length / BLOCK_BYTES))
  const frame = Buffer.allocUnsafe(HEADER_BYTES + blocks * BLOCK_HEADER_BYTES + content.length)
  frame.set(MAGIC, 0)
  frame[MAGIC.length] = DESCRIPTOR
  let position = frame.writeUInt32LE(content.length, MAGIC.length + 1)
  for (let block = 0; block < blocks; block++) {
    const part = content.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)
    const isLast = block === blocks - 1 ? LAST_BLOCK : 0
    position = frame.writeUIntLE(part.length * 8 + isLast, position, BLOCK_HEADER_BYTES)
    frame.set(part, position)
    position += part.length
  }
  return frame
}
