import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { DataSetFacts, FileSet } from './data-set.ts'
import { SeededBytes } from './random.ts'
import { SeededText } from './text.ts'

const fullSize = 4 * 1024 ** 3

/** One file, half prose and half noise, in stretches of 64 KiB to 4 MiB. */
export const big: FileSet = { kind: 'files', name: 'big', work: ['restore', 'check', 'copy'], create }

function create(directory: string, scale: number): DataSetFacts {
  const size = Math.ceil(fullSize * scale)
  const noise = new SeededBytes('big noise')
  const prose = new SeededText('big prose')
  const lengths = new SeededBytes('big lengths')
  const file = openSync(join(directory, 'disk.img'), 'wx')
  let written = 0
  for (let stretch = 0; written < size; stretch++) {
    const length = Math.min(lengths.between(64 * 1024, 4 * 1024 ** 2), size - written)
    writeSync(file, stretch % 2 === 0 ? prose.next(length) : noise.next(length))
    written += length
  }
  closeSync(file)
  return { files: 1, bytes: size }
}
