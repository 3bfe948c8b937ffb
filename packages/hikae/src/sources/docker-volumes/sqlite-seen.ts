import type { DirectoryEntry, Entry, FileContent, FileEntry } from '@hikae/engine'
import { isCompanion, MOST_FOUND, mayBeSqlite, SQLITE_MAGIC } from '../../docker/containers/sqlite-files.ts'
import { withChildren } from '../counted-tree.ts'

/**
 * The same directory, whose files are looked at while they are read, in order and as streams.
 *
 * @param found gets the paths of databases of SQLite
 * @param path of the directory, as they are to begin
 */
export function seenSqlite(directory: DirectoryEntry, found: string[], path = ''): DirectoryEntry {
  return withChildren(directory, async function* (signal): AsyncGenerator<Entry, void, undefined> {
    const [names, databases] = [new Set<string>(), new Set<string>()]
    for await (const entry of directory.children(signal)) {
      if (entry.kind === 'directory') yield seenSqlite(entry, found, `${path}${entry.name}/`)
      else if (entry.kind === 'file') {
        if (isCompanion(entry.name)) names.add(entry.name)
        yield withFirstBytes(entry, (bytes) => {
          if (bytes.equals(SQLITE_MAGIC)) databases.add(entry.name)
        })
      } else yield entry
    }
    for (const name of mayBeSqlite([...databases, ...names])) {
      if (databases.has(name) && found.length < MOST_FOUND) found.push(printable(`${path}${name}`))
    }
  })
}

function withFirstBytes(file: FileEntry, tell: (bytes: Buffer) => void): FileEntry {
  const { content, name, metadata, chunks } = file
  if (content.kind !== 'stream') return file
  const watched: FileContent = {
    kind: 'stream',
    ...(content.isAlwaysRead === undefined ? {} : { isAlwaysRead: content.isAlwaysRead }),
    async *open(signal) {
      let first: Buffer = Buffer.alloc(0)
      for await (const bytes of content.open(signal)) {
        const missing = SQLITE_MAGIC.length - first.length
        if (missing > 0) {
          first = Buffer.concat([first, bytes.subarray(0, missing)])
          if (first.length === SQLITE_MAGIC.length) tell(first)
        }
        yield bytes
      }
    },
  }
  return {
    ...{ kind: 'file', name, metadata, content: watched },
    extendedAttributes: () => file.extendedAttributes?.() ?? [],
    ...(chunks === undefined ? {} : { chunks }),
  }
}

/** Of bytes, one character for each. */
function printable(path: string): string {
  return Buffer.from(path, 'latin1').toString()
}
