import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FileKind, LocalBackend } from '@hikae/engine'
import type { Reservation } from './quota.ts'
import { RefusedRequest } from './refused-request.ts'
import { announcedBytes, receiveBody } from './request-body.ts'

const MEBIBYTE = 1024 * 1024

/** Larger ones nobody makes: restic's packs end at 128 MiB, but for one directory with millions of entries. */
const LARGEST_BYTES: Readonly<Record<FileKind, number>> = {
  config: MEBIBYTE,
  key: MEBIBYTE,
  lock: MEBIBYTE,
  snapshot: 64 * MEBIBYTE,
  index: 512 * MEBIBYTE,
  pack: 512 * MEBIBYTE,
}

export interface Upload {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly repository: LocalBackend
  readonly kind: FileKind
  readonly name: string
  /** Compare the content with the name. */
  readonly verify: boolean
  readonly reservation: Reservation | undefined
}

/**
 * Stores the body of a request. It becomes visible when all of it has come, its SHA-256 is its name (the config has none)
 * and it is on the disk; otherwise nothing of it stays.
 *
 * @returns bytes stored
 * @throws {RefusedRequest} 400 the content is not what its name says, 413, 507
 * @throws {FileExistsError} nothing is ever replaced
 */
export async function storeUpload(upload: Upload): Promise<number> {
  const { request, response, repository, kind, name, reservation } = upload
  await reservation?.grow(announcedBytes(request) ?? 0)
  let content: AsyncIterable<Uint8Array> = receiveBody(request, response, LARGEST_BYTES[kind])
  if (reservation !== undefined && announcedBytes(request) === undefined) content = growing(content, reservation)
  if (upload.verify && kind !== 'config') content = verified(content, name)
  let bytes = 0
  await repository.writeStream(
    kind,
    name,
    measured(content, (length) => (bytes += length)),
  )
  reservation?.keep()
  return bytes
}

async function* growing(content: AsyncIterable<Uint8Array>, reservation: Reservation): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    await reservation.grow(piece.length)
    yield piece
  }
}

async function* verified(content: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const piece of content) {
    hash.update(piece)
    yield piece
  }
  if (hash.digest('hex') !== name) throw new RefusedRequest(400, 'the content does not have the SHA-256 of its name')
}

async function* measured(
  content: AsyncIterable<Uint8Array>,
  onPiece: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    onPiece(piece.length)
    yield piece
  }
}
