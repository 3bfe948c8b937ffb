import { UsageError } from '../errors.ts'

/** Where a repository lies. */
export interface LocalLocation {
  readonly kind: 'local'
  readonly path: string
}

const OTHER_BACKENDS: Readonly<Record<string, string>> = {
  azure: 'Azure Blob Storage',
  b2: 'Backblaze B2',
  gs: 'Google Cloud Storage',
  rclone: 'rclone',
  rest: 'a REST server',
  s3: 'S3',
  sftp: 'SFTP',
  swift: 'OpenStack Swift',
}

/**
 * Understands `--repo` as restic writes it: a path, or `local:PATH`.
 *
 * @throws {UsageError} another kind of place; the address is not repeated, because it may hold a password
 */
export function parseLocation(text: string): LocalLocation {
  const trimmed = text.trim()
  if (trimmed === '') throw new UsageError('the name of the repository is empty')
  const scheme = /^([a-z][\w+-]+):/i.exec(trimmed)?.[1]?.toLowerCase()
  if (scheme === undefined) return { kind: 'local', path: trimmed }
  if (scheme === 'local') return { kind: 'local', path: localPath(trimmed.slice('local:'.length)) }
  const known = OTHER_BACKENDS[scheme]
  if (known !== undefined) {
    throw new UsageError(`repositories on ${known} (${scheme}:) are not in this version of Hikae`, {
      hint: 'use a folder, for instance on a mounted disk',
    })
  }
  throw new UsageError(`there is no kind of repository called '${scheme}'`, {
    hint: `if it is a folder with a colon in its name, write local:${scheme}:…`,
  })
}

function localPath(path: string): string {
  if (path === '') throw new UsageError('local: is not followed by a path')
  return path
}
