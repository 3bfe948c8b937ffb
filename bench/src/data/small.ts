import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DataSetFacts, FileSet } from './data-set.ts'
import { SeededBytes } from './random.ts'
import { SeededText } from './text.ts'

/** 200,000 files of 1 to 8 KB, every second one prose, a hundred in a directory. */
export const small: FileSet = {
  kind: 'files',
  name: 'small',
  work: ['unchanged', 'restore', 'check'],
  // Every second ten of the numbers, prose and noise alike.
  pruneWithout: '*[02468]?.*',
  create: (directory, scale) => createFiles(directory, Math.ceil(200_000 * scale), { least: 1000, most: 8000 }),
}

/** A million files of 100 to 400 bytes: how memory grows with the number of files. Only when asked for. */
export const million: FileSet = {
  kind: 'files',
  name: 'million',
  work: ['unchanged', 'restore'],
  create: (directory, scale) => createFiles(directory, Math.ceil(1_000_000 * scale), { least: 100, most: 400 }),
}

/** An old time, because a tool may distrust files that changed a moment ago. */
const modified = new Date('2026-01-02T03:04:05Z')

function createFiles(root: string, count: number, sizes: { least: number; most: number }): DataSetFacts {
  const noise = new SeededBytes('small noise')
  const prose = new SeededText('small prose')
  const lengths = new SeededBytes('small lengths')
  let bytes = 0
  let directory = ''
  for (let number = 0; number < count; number++) {
    if (number % 100 === 0) {
      directory = join(root, `part-${Math.floor(number / 4000)}`, `group-${Math.floor(number / 100)}`)
      mkdirSync(directory, { recursive: true })
    }
    const size = lengths.between(sizes.least, sizes.most)
    const isProse = number % 2 === 0
    const path = join(directory, `${number}.${isProse ? 'txt' : 'bin'}`)
    writeFileSync(path, isProse ? prose.next(size) : noise.next(size))
    utimesSync(path, modified, modified)
    bytes += size
  }
  return { files: count, bytes }
}
