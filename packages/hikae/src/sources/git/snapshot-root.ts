import type { DirectoryEntry, Entry } from '@hikae/engine'
import { join } from 'node:path'
import { madeDirectory, madeFile } from '../made-entry.ts'
import type { Chain } from './chain.ts'
import type { CollectedObject } from './lfs/collect-objects.ts'
import { objectPath } from './lfs/pointer.ts'
import { formatHead, formatPackedRefs, type RefList } from './ref-list.ts'
import { listSettings } from './settings.ts'
import { storedFile } from './stored-file.ts'

const README = `A git repository, saved by Hikae. To have it back without Hikae, in this folder:

  git init --bare repository.git
  for bundle in bundles/*.bundle; do
    sed '1,/^$/d' "$bundle" | git -C repository.git index-pack --stdin --fix-thin
  done
  cp HEAD packed-refs repository.git/
  git -C repository.git fsck --full

(with \`git init --bare --object-format=sha256\` when the names in packed-refs are 64 characters long). lfs/ holds what Git
LFS keeps: copy it into repository.git/. settings/ holds the configuration and the hooks of a repository that was saved where
it lies.
`

export interface SnapshotParts {
  readonly list: RefList
  readonly chain: Chain
  readonly lfs: readonly CollectedObject[]
  /** Of a local repository: where its settings are. */
  readonly settingsFolder?: string
}

/** Everything in files that git itself understands. */
export function snapshotRoot(parts: SnapshotParts): DirectoryEntry {
  return madeDirectory('', async function* () {
    yield textFile('README.txt', README)
    yield textFile('HEAD', formatHead(parts.list))
    yield textFile('packed-refs', formatPackedRefs(parts.list))
    const { chain, lfs, settingsFolder } = parts
    yield* folderOf(
      'bundles',
      chain.links.map((link) => ({ name: link.file, path: chain.pathOf(link) })),
    )
    yield* folderOf(
      'lfs',
      lfs.map(({ oid, path }) => ({ name: `objects/${objectPath(oid)}`, path })),
    )
    if (settingsFolder === undefined) return
    const names = await listSettings(settingsFolder)
    yield* folderOf(
      'settings',
      names.map((name) => ({ name: latin1(name), path: join(settingsFolder, name) })),
    )
  })
}

interface PlacedFile {
  /** From the folder on, with `/`; bytes as latin1. */
  readonly name: string
  /** Where it is on this machine. */
  readonly path: string
}

/** A folder with these files at their places; none when there are none. */
function folderOf(name: string, files: readonly PlacedFile[]): Entry[] {
  if (files.length === 0) return []
  const groups = Map.groupBy(files, (file) => /^[^/]*(?=\/)/.exec(file.name)?.[0])
  return [
    madeDirectory(name, async function* () {
      for (const [folder, inside] of groups) {
        if (folder === undefined) for (const file of inside) yield await storedFile(file.name, file.path)
        else
          yield* folderOf(
            folder,
            inside.map((file) => ({ ...file, name: file.name.slice(folder.length + 1) })),
          )
      }
    }),
  ]
}

function textFile(name: string, text: string): Entry {
  return madeFile(name, {
    kind: 'stream',
    async *open() {
      yield Buffer.from(text, 'latin1')
    },
  })
}

function latin1(name: string): string {
  return Buffer.from(name).toString('latin1')
}
