import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { openOrderedTar } from '../../../archives/tar/ordered-tar.ts'
import { requestArchive } from '../../../docker/archive/archive-request.ts'
import { statPath } from '../../../docker/archive/path-stat.ts'
import type { ContainerSummary } from '../../../docker/containers/container.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { errorMessage, systemCode } from '../../../errors.ts'
import { processExists } from '../../../process/process-exists.ts'
import { syncToDisk } from '../../../sync-to-disk.ts'
import type { ReadContext } from '../../source-kind.ts'
import { bytePath } from '../../swap/byte-path.ts'
import { stampOf, timeOfStamp } from '../../swap/names.ts'
import { entriesBelow } from './entries-below.ts'

const FOLDER = 'kept'
const INDEX = 'index.json'
/** With the process that makes it. */
const UNFINISHED = /^\.new-(\d+)-/
const NAME = /^(\d{8}T\d{6}Z)-[0-9a-f]{8}$/

const indexSchema = z.object({
  version: z.literal(1),
  container: z.string(),
  /** Something was written over it that has not come to its end. */
  isBegun: z.boolean().default(false),
  paths: z.array(
    z.object({
      path: z.string(),
      /** Null when nothing was there. */
      archive: z.string().nullable(),
    }),
  ),
})

/** What was at some paths of a container before a restore: one tar archive for each, as the engine gave it. */
export interface KeptFiles {
  readonly time: Date
  /** Of this host. */
  readonly folder: string
  readonly container: string
  /** What replaces it began to be written, and is not whole. */
  readonly isBegun: boolean
  readonly paths: readonly { readonly path: string; readonly archive: string | null }[]
}

type Context = Pick<ReadContext, 'stateFolder' | 'signal'>

/** Keeps what is there now: whole, proven, and written down when this returns. */
export async function keepFiles(
  engine: DockerEngine,
  container: ContainerSummary,
  paths: readonly string[],
  context: Context,
): Promise<KeptFiles> {
  const parent = join(await context.stateFolder(), FOLDER)
  const time = new Date()
  const name = `${stampOf(time)}-${randomBytes(4).toString('hex')}`
  const fresh = join(parent, `.new-${process.pid}-${name}`)
  await removeUnfinished(parent)
  await mkdir(fresh, { recursive: true, mode: 0o700 })
  try {
    const kept: { path: string; archive: string | null }[] = []
    for (const [number, path] of paths.entries()) {
      const isThere = await statPath(engine, container.id, bytePath(path), context.signal)
      const archive = isThere ? `${number}.tar` : null
      if (archive !== null) await keepPath(engine, container, path, join(fresh, archive), context.signal)
      kept.push({ path, archive })
    }
    const index = { container: container.name, isBegun: false, paths: kept }
    await writeIndex(fresh, index)
    await rename(fresh, join(parent, name))
    await syncToDisk(parent)
    return { time, folder: join(parent, name), ...index }
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
}

/** Writes down whether something is being written over what is kept: it lasts when this returns. */
export async function markBegun({ folder, container, paths }: KeptFiles, isBegun: boolean): Promise<void> {
  await writeIndex(folder, { container, isBegun, paths })
}

/** All that is kept and can be read, newest first. */
export async function listKept({ stateFolder, log }: Pick<ReadContext, 'stateFolder' | 'log'>): Promise<KeptFiles[]> {
  const parent = join(await stateFolder(), FOLDER)
  const kept: KeptFiles[] = []
  for (const name of (await namesIn(parent)).toSorted().toReversed()) {
    const time = timeOfStamp(NAME.exec(name)?.[1] ?? '')
    if (!time) continue
    const folder = join(parent, name)
    try {
      const { version: _, ...index } = indexSchema.parse(JSON.parse(await readFile(join(folder, INDEX), 'utf8')))
      kept.push({ time, folder, ...index })
    } catch (error) {
      log(`what is kept in ${folder} is passed over, since its ${INDEX} cannot be read: ${errorMessage(error)}`)
    }
  }
  return kept
}

/** Bytes on this host. */
export async function sizeOfKept({ folder }: KeptFiles): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size
  return bytes
}

export async function removeKept({ folder }: KeptFiles): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

/** The archive of a path, to be written back. It begins with the last name of the path. */
export function readKept({ folder }: KeptFiles, archive: string): AsyncIterable<Uint8Array> {
  return createReadStream(join(folder, archive)) as AsyncIterable<Uint8Array>
}

/** What a killed process has not kept to the end. */
async function removeUnfinished(parent: string): Promise<void> {
  for (const name of await namesIn(parent)) {
    const pid = UNFINISHED.exec(name)?.[1]
    if (pid !== undefined && !processExists(Number(pid))) await rm(join(parent, name), { recursive: true, force: true })
  }
}

async function keepPath(
  engine: DockerEngine,
  { id }: ContainerSummary,
  path: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await writeWhole(file, requestArchive(engine, id, bytePath(path), signal))
  await using tar = await openOrderedTar(createReadStream(file) as AsyncIterable<Uint8Array>)
  for await (const _ of entriesBelow(tar.entry, signal)) signal.throwIfAborted()
  tar.finish()
}

async function writeIndex(
  folder: string,
  { container, isBegun, paths }: Pick<KeptFiles, 'container' | 'isBegun' | 'paths'>,
): Promise<void> {
  const fresh = join(folder, `.${INDEX}-${randomBytes(4).toString('hex')}`)
  await writeWhole(fresh, [Buffer.from(JSON.stringify({ version: 1, container, isBegun, paths }))])
  await rename(fresh, join(folder, INDEX))
  await syncToDisk(folder)
}

async function writeWhole(path: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  for await (const piece of content) await file.writeFile(piece)
  await file.sync()
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
