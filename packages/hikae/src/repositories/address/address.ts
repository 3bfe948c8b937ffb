import { UsageError } from '../../errors.ts'
import type { LocalLocation, RepositoryLocation } from '../location.ts'
import { parseRclone } from './rclone.ts'
import { parseRest } from './rest.ts'
import { parseS3 } from './s3.ts'
import { parseSftp } from './sftp.ts'

/** By scheme; each gets what follows the colon. */
const PARSERS: Readonly<Record<string, (rest: string) => RepositoryLocation>> = {
  local: parseLocal,
  rclone: parseRclone,
  rest: parseRest,
  s3: parseS3,
  sftp: parseSftp,
}

/** What restic reaches by itself and we reach another way. */
const OTHER_WAYS: Readonly<Record<string, readonly [name: string, way: string]>> = {
  azure: ['Azure Blob Storage', 'reach it through rclone: rclone:REMOTE:CONTAINER/PATH'],
  b2: ['Backblaze B2', 'use its S3 interface: s3:https://s3.REGION.backblazeb2.com/BUCKET'],
  gs: [
    'Google Cloud Storage',
    'use its S3 interface, s3:https://storage.googleapis.com/BUCKET, or rclone:REMOTE:BUCKET',
  ],
  swift: ['OpenStack Swift', 'use its S3 interface, s3:https://HOST/BUCKET, or rclone:REMOTE:CONTAINER'],
}

/**
 * Understands the address of a repository as restic writes it: a path, or `local:`, `s3:`, `sftp:`, `rest:` or `rclone:`
 * with what belongs to it.
 *
 * @throws {UsageError} it makes no sense; the address is not repeated, because it may hold a password
 */
export function parseAddress(text: string): RepositoryLocation {
  const trimmed = text.trim()
  if (trimmed === '') throw new UsageError('the name of the repository is empty')
  const scheme = /^([a-z][\w+-]+):/i.exec(trimmed)?.[1]
  if (scheme === undefined) return { kind: 'local', path: trimmed }
  const parse = PARSERS[scheme.toLowerCase()]
  if (parse) return parse(trimmed.slice(scheme.length + 1))
  const other = OTHER_WAYS[scheme.toLowerCase()]
  if (other) throw new UsageError(`${other[0]} (${scheme}:) is not spoken directly`, { hint: other[1] })
  throw new UsageError(`there is no kind of repository called '${scheme}'`, {
    hint: `if it is a folder with a colon in its name, write local:${scheme}:…`,
  })
}

function parseLocal(path: string): LocalLocation {
  if (path === '') throw new UsageError('local: is not followed by a path')
  return { kind: 'local', path }
}
