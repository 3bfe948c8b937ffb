import type { DirectoryEntry, Entry } from '@hikae/engine'
import { openArchive } from '../../docker/archive/open-archive.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { countedAll, noCounts, type TreeCounts, withChildren } from '../counted-tree.ts'
import { bytePath, nameOf, parentPath } from '../swap/byte-path.ts'
import { lookAt } from '../swap/move.ts'
import type { VolumeAccess } from './access.ts'
import { helperWith, type HelperWork } from './helper-with.ts'
import { seenSqlite } from './sqlite-seen.ts'
import { seenEmpty, unlistedAmong } from './unlisted-folders.ts'
import { VOLUMES_FOLDER } from './volume-facts.ts'
import type { Volume } from './volume.ts'

/** A volume that is about to be read. */
export interface VolumeReading {
  readonly volume: Volume
  readonly way: VolumeAccess['way']
  /** Gives it under its name; called once. */
  entry(signal: AbortSignal): Promise<Entry>
  /** @returns what was given, when it was given to its end @throws it was not, or it cannot be vouched for */
  finish(): Promise<TreeCounts>
  /** What became of it since it was opened, which the reading cannot show: a volume that is removed looks as if it had ended. */
  fate(): Promise<'same' | 'vanished' | 'replaced'>
  /** Asked when all was read: folders in it that came back empty because the engine may not list them, for people. */
  unlisted(): Promise<readonly string[]>
  /** Databases of SQLite that were found while it was read through the engine, by their paths in it. */
  readonly sqlite: readonly string[]
}

/**
 * Makes ready to read a volume.
 *
 * @param owned gets what has to be disposed of when it was read
 */
export async function readVolume(
  engine: DockerEngine,
  volume: Volume,
  access: VolumeAccess,
  owned: AsyncDisposableStack,
  work: HelperWork,
): Promise<VolumeReading> {
  let counts: TreeCounts | undefined
  const sqlite: string[] = []
  const given = (directory: DirectoryEntry): Entry => {
    const children = async function* (of: AbortSignal): AsyncGenerator<Entry, void, undefined> {
      const begun = noCounts()
      yield* countedAll(directory.children(of), begun)
      counts = begun
    }
    return withChildren(directory, children, volume.name)
  }
  const { way } = access
  const source =
    access.way === 'direct' ? await directly(access.path, volume) : await throughEngine(engine, volume, owned, work)
  return {
    ...{ volume, way, sqlite },
    async entry(of) {
      const entry = await source.entry(of)
      if (entry.kind === 'directory') return given(source.seen?.(entry, sqlite) ?? entry)
      counts = noCounts()
      return entry
    },
    async finish() {
      const told = await source.finish()
      if (!counts) throw new Error(`the volume ${volume.name} was not read to its end`)
      return told ?? counts
    },
    fate: () => source.fate(),
    unlisted: async () => (await source.unlisted?.()) ?? [],
  }
}

interface Source {
  readonly entry: (signal: AbortSignal) => Promise<Entry>
  /** @returns what was given, where entries do not tell it */
  readonly finish: () => Promise<TreeCounts | undefined>
  readonly fate: VolumeReading['fate']
  /** Looks at what it gives; absent where that is done at its place. */
  readonly seen?: (root: DirectoryEntry, sqlite: string[]) => DirectoryEntry
  readonly unlisted?: VolumeReading['unlisted']
}

async function directly(place: string, { name }: Volume): Promise<Source> {
  const { openTargets } = await import('@hikae/engine')
  const path = bytePath(place)
  const opened = await lookAt(path)
  const { root } = openTargets([nameOf(path)], { workingDirectory: parentPath(path) })
  return {
    entry: async (signal) => await firstOf(root, name, signal),
    // All of it was read when all entries were given.
    finish: async () => undefined,
    async fate() {
      const now = await lookAt(path)
      if (!now) return 'vanished'
      return now.ino === opened?.ino && now.birthtimeMs === opened.birthtimeMs ? 'same' : 'replaced'
    },
  }
}

async function throughEngine(
  engine: DockerEngine,
  { name }: Volume,
  owned: AsyncDisposableStack,
  work: HelperWork,
): Promise<Source> {
  const path = `/${VOLUMES_FOLDER}/${name}`
  const helper = owned.use(await helperWith(engine, { volume: name, path, isReadOnly: true }, work))
  let archive: Awaited<ReturnType<typeof openArchive>> | undefined
  const empty: string[] = []
  return {
    seen: (root, sqlite) => seenEmpty(seenSqlite(root, sqlite), empty),
    unlisted: () => unlistedAmong(engine, { container: helper.name, at: path }, empty, work.signal),
    async entry() {
      archive = owned.use(await openArchive(engine, helper.name, path, work.signal))
      return archive.root
    },
    async finish() {
      const counts = await archive?.finish()
      // The volume itself is a directory, too.
      return counts && { ...counts, directories: counts.directories - 1 }
    },
    // A volume that a container has, be it the helper only, cannot be removed.
    fate: async () => 'same',
  }
}

async function firstOf(directory: DirectoryEntry, name: string, signal: AbortSignal): Promise<Entry> {
  for await (const entry of directory.children(signal)) return entry
  return { kind: 'unreadable', path: `/${VOLUMES_FOLDER}/${name}`, error: new Error('it is gone') }
}
