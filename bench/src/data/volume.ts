import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { CreateOptions, DataSetFacts, VolumeSet } from './data-set.ts'
import { mixed } from './mixed.ts'
import { SeededBytes } from './random.ts'
import { SeededText } from './text.ts'

const fullUploads = 18_000
const uploadSizes = { least: 10_000, most: 120_000 }
const uploadsPerFolder = 200
const logNames = ['access.log', 'audit.log', 'export.csv', 'jobs.log']
const fullLogBytes = 12e6

/** Of a thousand files, in a day. */
const perDay = { changed: 5, new: 5, removed: 1 }

/**
 * What an application keeps in a volume: 2 GB in 40,000 files. Its program and libraries are the mixed tree, uploads are
 * noise, as photos and archives are, and logs are prose. In a day, one file of a hundred is changed or new, and logs grow by
 * a hundredth.
 */
export const volume: VolumeSet = { kind: 'volume', name: 'volume', create, passDay }

async function create(directory: string, scale: number, options: CreateOptions): Promise<DataSetFacts> {
  mkdirSync(join(directory, 'app'))
  const app = await mixed.create(join(directory, 'app'), scale, options)
  const uploads = addUploads(directory, 'first', Math.ceil(fullUploads * scale))
  const prose = new SeededText('volume logs')
  const logBytes = Math.ceil(fullLogBytes * scale)
  mkdirSync(join(directory, 'logs'))
  for (const name of logNames) writeFileSync(join(directory, 'logs', name), prose.next(logBytes))
  return {
    files: app.files + uploads.files + logNames.length,
    bytes: app.bytes + uploads.bytes + logNames.length * logBytes,
  }
}

function passDay(directory: string, day: number, scale: number): void {
  const files = filesBelow(directory).filter((path) => !path.startsWith('logs/'))
  for (const path of files) {
    const fate = fateOf(path, day)
    if (fate < perDay.removed) rmSync(join(directory, path))
    else if (fate < perDay.removed + perDay.changed) insertLine(join(directory, path), day)
  }
  addUploads(directory, `day-${day}`, Math.ceil((files.length * perDay.new) / 1000))
  const prose = new SeededText(`volume logs of day ${day}`)
  for (const name of logNames) {
    appendFileSync(join(directory, 'logs', name), prose.next(Math.ceil((fullLogBytes * scale) / 100)))
  }
}

function addUploads(directory: string, when: string, count: number): DataSetFacts {
  const noise = new SeededBytes(`volume uploads ${when}`)
  const sizes = new SeededBytes(`volume sizes ${when}`)
  let bytes = 0
  for (let number = 0; number < count; number++) {
    const folder = join(directory, 'uploads', when, String(Math.floor(number / uploadsPerFolder)))
    if (number % uploadsPerFolder === 0) mkdirSync(folder, { recursive: true })
    const size = sizes.between(uploadSizes.least, uploadSizes.most)
    writeFileSync(join(folder, `photo-${number}.jpg`), noise.next(size))
    bytes += size
  }
  return { files: count, bytes }
}

/** In the middle of the file: all that is behind it moves. */
function insertLine(path: string, day: number): void {
  const content = readFileSync(path)
  const middle = Math.floor(content.length / 2)
  const line = Buffer.from(`changed on day ${day}\n`)
  writeFileSync(path, Buffer.concat([content.subarray(0, middle), line, content.subarray(middle)]))
}

/** Of a thousand equal chances, by its name and the day alone. */
function fateOf(path: string, day: number): number {
  return createHash('sha256').update(`${day} ${path}`).digest().readUInt32LE() % 1000
}

/** No links, from `directory`, in an order of their own. */
function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .toSorted()
}
