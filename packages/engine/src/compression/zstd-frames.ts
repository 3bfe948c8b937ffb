import { constants, zstdDecompressSync } from 'node:zlib'
import { invalidStream } from './damage.ts'

/**
 * Decompresses a whole zstd stream of unknown length, all of its frames: Node's one-shot call stops silently after the
 * first one (§6), so what is left over is fed to it again.
 *
 * @param limit bytes of content above which the stream is refused, against decompression bombs
 * @throws {DamagedError} the stream is invalid or longer than `limit`
 */
export function decompressFrames(input: Uint8Array, limit: number): Buffer {
  const parts: Buffer[] = []
  let rest = input
  let total = 0
  while (rest.length > 0) {
    const { content, consumed } = decompressOne(rest, limit - total)
    parts.push(content)
    total += content.length
    rest = rest.subarray(consumed)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, total)
}

function decompressOne(input: Uint8Array, limit: number): { content: Buffer; consumed: number } {
  try {
    const { buffer, engine } = zstdDecompressSync(input, {
      info: true,
      maxOutputLength: Math.max(1, limit),
      params: { [constants.ZSTD_d_windowLogMax]: 29 },
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    if (engine.bytesWritten <= 0) throw new Error('nothing was read')
    return { content: buffer, consumed: engine.bytesWritten }
  } catch (error) {
    throw invalidStream((error as Error).message, error)
  }
}
