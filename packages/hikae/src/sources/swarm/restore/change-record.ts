import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { InputError } from '../../../errors.ts'
import { syncToDisk } from '../../../sync-to-disk.ts'
import { stampOf } from '../../swap/names.ts'
import { type Change, changeSchema } from './change.ts'

const recordSchema = z.object({ version: z.literal(1), time: z.iso.datetime(), changes: z.array(changeSchema) })

/** What a restore has changed, or was about to. */
export interface ChangeRecord {
  readonly path: string
  readonly time: Date
  readonly changes: readonly Change[]
}

const FOLDER = 'kept'
const NAME = /^swarm-before-.*\.json$/

/**
 * Writes down what is about to be changed, so that it can be undone; outlasts a loss of power.
 *
 * @param folder of the source's state
 * @param path of a record that this one replaces
 * @returns its path
 */
export async function writeRecord(
  folder: string,
  { time, changes }: Omit<ChangeRecord, 'path'>,
  path?: string,
): Promise<string> {
  const kept = join(folder, FOLDER)
  await mkdir(kept, { recursive: true, mode: 0o700 })
  const place = path ?? (await freePlace(kept, time))
  const fresh = `${place}.new`
  await rm(fresh, { force: true })
  {
    await using file = await open(fresh, 'wx', 0o600)
    await file.writeFile(`${JSON.stringify({ version: 1, time: time.toISOString(), changes }, undefined, 2)}\n`)
    await file.sync()
  }
  await rename(fresh, place)
  await syncToDisk(kept)
  return place
}

/** Newest first. @throws {InputError} one of them makes no sense */
export async function readRecords(folder: string): Promise<ChangeRecord[]> {
  const kept = join(folder, FOLDER)
  await mkdir(kept, { recursive: true, mode: 0o700 })
  const records: ChangeRecord[] = []
  for (const name of (await readdir(kept)).filter((candidate) => NAME.test(candidate))) {
    records.push(await readRecord(join(kept, name)))
  }
  return records.toSorted((one, other) => other.time.getTime() - one.time.getTime())
}

export async function removeRecord({ path }: Pick<ChangeRecord, 'path'>): Promise<void> {
  await rm(path, { force: true })
}

async function readRecord(path: string): Promise<ChangeRecord> {
  const text = await readFile(path, 'utf8')
  try {
    const { time, changes } = recordSchema.parse(JSON.parse(text))
    return { path, time: new Date(time), changes }
  } catch {
    // Errors of JSON repeat what does not parse, which may hold secrets.
    throw new InputError(`${path} says what a restore of a swarm has changed, and is damaged`, {
      hint: 'look at the file, and remove it when it is of no use',
    })
  }
}

async function freePlace(folder: string, time: Date): Promise<string> {
  const names = await readdir(folder)
  for (let number = 1; ; number++) {
    const name = `swarm-before-${stampOf(time)}${number === 1 ? '' : `-${number}`}.json`
    if (!names.includes(name)) return join(folder, name)
  }
}
