import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { DataSetFacts, FileSet } from './data-set.ts'
import { SeededBytes } from './random.ts'

const fullSize = 20 * 1024 ** 3
const stretches = 40
const stretchBytes = 1024 ** 2

/** A 20 GiB file of holes with 1 MiB of noise here and there, as the disk of a virtual machine is. Only when asked for. */
export const sparse: FileSet = {
  kind: 'files',
  name: 'sparse',
  work: ['unchanged', 'restore', 'check'],
  isSparse: true,
  create,
}

function create(directory: string, scale: number): DataSetFacts {
  const size = Math.max(Math.ceil(fullSize * scale), stretches * stretchBytes)
  const noise = new SeededBytes('sparse noise')
  const room = Math.floor(size / stretches)
  const file = openSync(join(directory, 'disk.img'), 'wx')
  ftruncateSync(file, size)
  for (let stretch = 0; stretch < stretches; stretch++) {
    writeSync(file, noise.next(stretchBytes), 0, stretchBytes, stretch * room + noise.between(0, room - stretchBytes))
  }
  closeSync(file)
  return { files: 1, bytes: size }
}
