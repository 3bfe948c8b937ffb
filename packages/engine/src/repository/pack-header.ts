import { DamagedError } from '../errors.ts'
import { type PackId, shortId } from '../ids.ts'
import type { PackedBlob } from '../pack/blob.ts'
import { decodeHeader, HEADER_GUESS_BYTES, headerStart, packFileSize } from '../pack/header.ts'
import { isDamage } from './damage.ts'
import type { Repository } from './repository.ts'

const LENGTH_BYTES = 4

/**
 * What a pack itself says it holds, for when no index does (§7): one request for most packs, two for those of many blobs.
 * The blobs are not read.
 *
 * @param size bytes of the file, as listed
 * @throws {DamagedError} the header cannot be read, or the file is not as long as the header says
 */
export async function readPackHeader(
  repository: Repository,
  pack: PackId,
  size: number,
  signal?: AbortSignal,
): Promise<PackedBlob[]> {
  try {
    const blobs = decodeHeader(repository.cipher.open(await readSealedHeader(repository, pack, size, signal)))
    const expected = packFileSize(blobs)
    if (expected === size) return blobs
    throw new DamagedError(`its header speaks of ${expected} bytes, but it has ${size}`)
  } catch (error) {
    if (!isDamage(error)) throw error
    throw new DamagedError(`pack ${shortId(pack)} cannot be listed: ${error.message}`, {
      hint: `run \`hikae repair packs ${shortId(pack)}\` to save what is left of it`,
      cause: error,
    })
  }
}

async function readSealedHeader(
  { backend }: Repository,
  pack: PackId,
  size: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const options = signal ? { signal } : {}
  const guess = Math.min(size, HEADER_GUESS_BYTES)
  const tail = await backend.read('pack', pack, { offset: size - guess, length: guess, ...options })
  const start = headerStart(tail, size)
  const missing = size - guess - start
  if (missing <= 0) return tail.subarray(-missing, tail.length - LENGTH_BYTES)
  const before = await backend.read('pack', pack, { offset: start, length: missing, ...options })
  return Buffer.concat([before, tail.subarray(0, tail.length - LENGTH_BYTES)])
}
