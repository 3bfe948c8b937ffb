import { type FileKind, isId } from '@hikae/engine'
import { kindOfType, type ListedKind } from './file-types.ts'
import { RefusedRequest } from './refused-request.ts'

/** What an address means. `folders` lead from the data folder to the repository: none, one or two. */
export type RequestTarget =
  | { readonly kind: 'metrics' }
  | { readonly kind: 'repository'; readonly folders: readonly string[]; readonly create: boolean }
  | { readonly kind: 'list'; readonly folders: readonly string[]; readonly type: ListedKind }
  | { readonly kind: 'file'; readonly folders: readonly string[]; readonly type: FileKind; readonly name: string }

/** As restic's own server: `/user/repository/`. */
const DEEPEST = 2

/** Letters and digits of any script first, so that no name is hidden, means a parent or looks like an option. */
const FOLDER_NAME = /^[\p{L}\p{N}@_][\p{L}\p{M}\p{N}@._ +~=,-]*$/u
const LONGEST_NAME_BYTES = 200

/**
 * Reads the address of a request. Whatever it says, the result can lead nowhere but to a repository's place below the
 * data folder.
 *
 * @param url as it stands in the request line
 * @throws {RefusedRequest} 400 for what no client of good will sends, 404 for what means nothing here
 */
export function parseTarget(url: string): RequestTarget {
  const [, path, query] = /^(\/[^?#]*)(?:\?([^#]*))?$/.exec(url) ?? []
  if (path === undefined) throw new RefusedRequest(400, 'the address must be a path')
  if (path === '/metrics') return { kind: 'metrics' }
  const segments = path.slice(1).split('/').map(decodeSegment)
  const end = segments.findIndex((segment) => segment === 'config' || kindOfType(segment) !== undefined)
  if (end === -1) {
    if (segments.at(-1) === '') segments.pop()
    const create = new URLSearchParams(query).get('create') === 'true'
    return { kind: 'repository', folders: checkedFolders(segments), create }
  }
  return targetInside(checkedFolders(segments.slice(0, end)), segments.slice(end))
}

function targetInside(folders: string[], [type = '', name, ...rest]: string[]): RequestTarget {
  const kind = kindOfType(type)
  if (kind === undefined && name === undefined) return { kind: 'file', folders, type: 'config', name: '' }
  if (kind !== undefined && rest.length === 0) {
    if (name === '') return { kind: 'list', folders, type: kind }
    if (name !== undefined && isId(name)) return { kind: 'file', folders, type: kind, name }
  }
  throw new RefusedRequest(404, 'a repository has no such file')
}

function checkedFolders(folders: string[]): string[] {
  if (!folders.every(isFolderName)) {
    throw new RefusedRequest(
      400,
      'names of repositories begin with a letter or digit, and have none but plain characters',
    )
  }
  if (folders.length > DEEPEST) throw new RefusedRequest(404, `repositories lie at most ${DEEPEST} folders deep`)
  return folders
}

function isFolderName(name: string): boolean {
  return FOLDER_NAME.test(name) && Buffer.byteLength(name) <= LONGEST_NAME_BYTES
}

/** After this no segment is decoded again: `%252e` stays `%2e`, which is no name. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    throw new RefusedRequest(400, 'the address is not UTF-8', { cause: error })
  }
}
