import type { DirectoryEntry, Entry } from '@hikae/engine'
import { madeDirectory, madeFile } from '../sources/made-entry.ts'
import { MANIFEST_FILE, MANIFEST_FOLDER } from './manifest.ts'

/**
 * The same root with the manifest in it, as its last entry: what it says may depend on everything before.
 *
 * @param beside what else is in the manifest's folder
 * @param finish gives the manifest when all other entries have been given; what it throws fails the backup
 */
export function withManifest(
  root: DirectoryEntry,
  beside: readonly Entry[],
  finish: () => Promise<Uint8Array>,
): DirectoryEntry {
  const manifest = madeFile(MANIFEST_FILE, {
    kind: 'stream',
    async *open() {
      yield await finish()
    },
  })
  return {
    ...root,
    async *children(signal): AsyncGenerator<Entry, void, undefined> {
      for await (const entry of root.children(signal)) {
        yield 'name' in entry && entry.name === MANIFEST_FOLDER ? taken() : entry
      }
      yield madeDirectory(MANIFEST_FOLDER, () => [...beside, manifest])
    },
  }
}

function taken(): Entry {
  const error = new Error(`the name ${MANIFEST_FOLDER} at the top of a snapshot is Hikae's own`)
  return { kind: 'unreadable', path: `/${MANIFEST_FOLDER}`, error }
}
