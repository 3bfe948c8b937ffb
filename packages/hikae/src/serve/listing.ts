import type { ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { StoredFile } from '@hikae/engine'
import { ClientGoneError } from './refused-request.ts'

const VERSION_1 = 'application/vnd.x.restic.rest.v1'
const VERSION_2 = 'application/vnd.x.restic.rest.v2'

/** Names are sent in pieces of about this many characters: a list of a million files is never held whole. */
const PIECE = 64 * 1024

/**
 * Answers with the names of files: version 2 of the protocol adds their sizes, for clients that accept it. When `files`
 * fails in the middle, the connection is cut, so that nobody takes a part for the whole.
 */
export async function sendList(
  response: ServerResponse,
  files: AsyncIterable<StoredFile>,
  accept: string | undefined,
): Promise<void> {
  const withSizes = accept === VERSION_2
  response.setHeader('content-type', withSizes ? VERSION_2 : VERSION_1)
  let pending = '['
  let separator = ''
  for await (const { name, size } of files) {
    pending += separator + JSON.stringify(withSizes ? { name, size } : name)
    separator = ','
    if (pending.length < PIECE) continue
    await write(response, pending)
    pending = ''
  }
  response.end(`${pending}]`)
}

async function write(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed) throw new ClientGoneError('the client has gone')
  if (response.write(text)) return
  await Promise.race([once(response, 'drain'), once(response, 'close')])
}
