import { createHash } from 'node:crypto'
import { copyFileSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, utimesSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { DataSetFacts, FileSet } from './data-set.ts'

const origin = '/usr'
const leastBytes = 800e6
const leastFiles = 10_000
const mostBytesPerFile = 50e6

/**
 * A sample of what the machine's distribution installed: programs, libraries, headers, documents. Which files are
 * taken depends on their names alone, so one machine always yields the same tree.
 */
export const mixed: FileSet = {
  kind: 'files',
  name: 'mixed',
  work: ['unchanged', 'restore', 'check', 'both', 'small-commands', 'copy'],
  // Half of the files and of the bytes, in most directories.
  pruneWithout: '?[a-m]*.*',
  create,
}

function create(directory: string, scale: number): DataSetFacts {
  let files = 0
  let bytes = 0
  for (const path of inOrderOfNameHash(listFiles(origin))) {
    if (files >= leastFiles * scale && bytes >= leastBytes * scale) break
    const status = lstatSync(path)
    if (status.size > mostBytesPerFile) continue
    const copy = join(directory, relative(origin, path))
    mkdirSync(dirname(copy), { recursive: true })
    if (status.isSymbolicLink()) symlinkSync(readlinkSync(path), copy)
    else {
      copyFileSync(path, copy)
      utimesSync(copy, status.atime, status.mtime)
    }
    files += 1
    bytes += status.size
  }
  return { files, bytes }
}

/** Files and symbolic links below a directory, without what was installed by hand in /usr/local. */
function listFiles(root: string): string[] {
  const found: string[] = []
  const open = [root]
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if (entry.isDirectory() && path !== '/usr/local') open.push(path)
      else if (entry.isFile() || entry.isSymbolicLink()) found.push(path)
    }
  }
  return found
}

function inOrderOfNameHash(paths: readonly string[]): string[] {
  const hashed = paths.map((path) => ({ path, hash: createHash('sha256').update(path).digest('hex') }))
  return hashed.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)).map(({ path }) => path)
}
