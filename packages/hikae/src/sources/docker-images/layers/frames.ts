/**
 * How a layer is stored: what its files contain in one piece, and all that stands around it, in frames. A frame is the length
 * of what comes next from the headers (4 bytes, big-endian), these bytes, and the length of what follows them from the content
 * (8 bytes). Frame after frame gives the layer's archive, byte for byte.
 *
 * Kept apart, because a build writes the time of each file anew where it has not changed: an archive as a whole would be stored
 * again, as each of its chunks has such a time in it. See `docs/decisions/0014-docker-images.md`.
 */
export const HEADER_LENGTH_BYTES = 4
export const CONTENT_LENGTH_BYTES = 8

export function encodeFrame(headers: readonly Uint8Array[], contentBytes: number): Buffer {
  const length = headers.reduce((sum, each) => sum + each.length, 0)
  const before = Buffer.alloc(HEADER_LENGTH_BYTES)
  before.writeUInt32BE(length)
  const after = Buffer.alloc(CONTENT_LENGTH_BYTES)
  after.writeBigUInt64BE(BigInt(contentBytes))
  return Buffer.concat([before, ...headers, after])
}
