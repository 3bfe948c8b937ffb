import type { ServerKind } from '../data/data-set.ts'
import type { Place } from './place.ts'
import { openRest } from './rest.ts'
import { openS3 } from './s3.ts'
import { openSftp } from './sftp.ts'

/** A server that all tools use, each with places of its own. */
export interface Server extends AsyncDisposable {
  /** An empty place, where nothing was before. */
  newPlace(): Promise<Place>
}

const openers: Readonly<Record<ServerKind, (directory: string) => Promise<Server>>> = {
  s3: openS3,
  sftp: openSftp,
  rest: openRest,
}

/** @param directory empty; what the server stores lies there, or in its memory */
export async function openServer(kind: ServerKind, directory: string): Promise<Server> {
  return await openers[kind](directory)
}
