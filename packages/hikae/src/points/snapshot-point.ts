import type { Repository, SelectForRestore, Snapshot } from '@hikae/engine'
import { InputError } from '../errors.ts'
import type { PointEntry, SourcePoint } from '../sources/source-point.ts'
import { decodeManifest, type Manifest, MANIFEST_FILE, MANIFEST_FOLDER } from './manifest.ts'

/** A source's snapshot, with what its manifest says. */
export interface SnapshotPoint extends SourcePoint {
  readonly manifest: Manifest
}

/**
 * Opens a snapshot that a job made.
 *
 * @param repository with a loaded index
 * @throws {InputError} it has no manifest: somebody else made it @throws {DamagedError}
 */
export async function openPoint(
  repository: Repository,
  snapshot: Pick<Snapshot, 'tree' | 'time'>,
  signal: AbortSignal,
): Promise<SnapshotPoint> {
  const { dump, listTree, restore } = await import('@hikae/engine')
  const content = (path: string) => dump(repository, snapshot, path, { signal })
  const manifest = await readManifest(content)
  return {
    manifest,
    time: new Date(snapshot.time),
    facts: manifest.facts,
    content,
    tar: (path, as = path.slice(path.lastIndexOf('/') + 1)) => dump(repository, snapshot, path, { as, signal }),
    async *entries(path = '/'): AsyncGenerator<PointEntry, void, undefined> {
      for await (const { path: at, node } of listTree(repository, snapshot, { path, signal })) {
        if (isOurs(at)) continue
        yield { path: at, type: node.type, size: node.size ?? 0 }
      }
    },
    async writeTo(folder, path = '/', { only } = {}) {
      const report = await restore(repository, snapshot, {
        target: folder,
        path,
        // Further down a folder of that name is the source's own.
        ...(path === '/' && { select: withoutOurs }),
        ...(only && { select: onlyNames(path, only) }),
        sparse: true,
        verify: true,
        signal,
      })
      const [first] = report.problems
      if (!first) return
      throw new InputError(
        `${report.problems.length} of the files could not be restored, the first of them ${first.path}: ${first.error.message}`,
        { hint: 'run `hikae check --read-data` on the repository', cause: first.error },
      )
    },
  }
}

const withoutOurs: SelectForRestore = (path, isDirectory) => ({
  selected: !isOurs(path),
  childMayBeSelected: isDirectory && !isOurs(path),
})

/** Paths are those below what is written. */
function onlyNames(path: string, names: readonly string[]): SelectForRestore {
  const wanted = new Set(names)
  return (location, isDirectory) => {
    const isWanted = wanted.has(location.split('/')[1]!) && !(path === '/' && isOurs(location))
    return { selected: isWanted, childMayBeSelected: isWanted && isDirectory }
  }
}

async function readManifest(content: (path: string) => AsyncIterable<Uint8Array>): Promise<Manifest> {
  const parts: Uint8Array[] = []
  try {
    for await (const part of content(`/${MANIFEST_FOLDER}/${MANIFEST_FILE}`)) parts.push(part)
    return decodeManifest(Buffer.concat(parts))
  } catch (error) {
    if (!isWithoutManifest(error)) throw error
    throw new InputError('the snapshot has no manifest that this version of Hikae can read', {
      hint: 'it was made by another program, or by `hikae backup PATH`: restore its files with `hikae restore SNAPSHOT --target DIR`',
      cause: error,
    })
  }
}

function isWithoutManifest(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error instanceof SyntaxError || ['PathMissingError', 'ZodError', '$ZodError'].includes(error.name)
}

function isOurs(path: string): boolean {
  return path === `/${MANIFEST_FOLDER}` || path.startsWith(`/${MANIFEST_FOLDER}/`)
}
