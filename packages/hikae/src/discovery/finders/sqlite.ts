import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../errors.ts'
import type { Finder } from '../finder.ts'

const HEADER = Buffer.from('SQLite format 3\0', 'latin1')
/** The smallest page; the size of a database is a multiple of it. */
const PAGE_BYTES = 512
const COMPANIONS = ['-wal', '-shm', '-journal']

/** SQLite databases, whatever they are called: by what they begin with. */
export const sqliteFinder: Finder = {
  name: 'sqlite',
  async find({ folder, files }, _earlier, { signal }) {
    const paths: string[] = []
    for (const { path, sizeBytes } of files) {
      signal.throwIfAborted()
      const mayBe = sizeBytes >= PAGE_BYTES && sizeBytes % PAGE_BYTES === 0
      if (mayBe && (await beginsAsDatabase(join(folder, path)))) paths.push(path)
    }
    if (paths.length === 0) return []
    const description = paths.length === 1 ? `the SQLite database ${paths[0]}` : `${paths.length} SQLite databases`
    const covers = paths.flatMap((path) => [path, ...COMPANIONS.map((ending) => path + ending)])
    return [{ name: 'databases', kind: 'sqlite', config: { path: paths }, description, covers }]
  },
}

async function beginsAsDatabase(path: string): Promise<boolean> {
  try {
    await using file = await open(path)
    const { buffer } = await file.read(Buffer.alloc(HEADER.length), 0, HEADER.length, 0)
    return buffer.equals(HEADER)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false // The source that saves it as a file says what is wrong with it.
  }
}
