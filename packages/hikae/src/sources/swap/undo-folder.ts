import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { systemCode } from '../../errors.ts'
import { syncToDisk } from '../../sync-to-disk.ts'
import type { Finding } from '../finding.ts'
import { type BytePath, childPath, nameOf, parentPath, printablePath, systemPath } from './byte-path.ts'
import { type KeptItem, placeToKeep } from './kept-items.ts'
import { lookAt, move, syncFolder } from './move.ts'
import { besideName, parseKeptFolderName } from './names.ts'
import { freePlace, swap } from './swap.ts'

/** What is in the folder of an undo besides what is put back, which has numbers for names. */
const PLAN = 'plan.json'

/** Paths below the folder that is worked in. */
const planSchema = z.object({
  version: z.literal(1),
  items: z.array(
    z.object({
      live: z.string().min(1),
      /** Null when nothing was there: an empty file stands for it. */
      kept: z.string().min(1).nullable(),
      /** Where that is to be kept which is there now. */
      keep: z.string().min(1),
    }),
  ),
})

type PlannedItem = z.output<typeof planSchema>['items'][number]

/**
 * The undo of what was replaced in one folder, on one file system. What is kept is gathered in a folder beside: as long as it
 * is called `.hikae-gather-…`, all of it goes back to where it was kept. Then that is renamed to `.hikae-undo-…`, and from
 * there each is swapped in; what is interrupted then is finished by `settleSwaps`. So the plan in it says for each where it
 * was kept and where it belongs.
 */
export class UndoFolder {
  readonly #folder: BytePath
  readonly #names: Record<'gather' | 'undo', BytePath>
  readonly #items: readonly PlannedItem[]
  #path: BytePath
  /** What takes back what was done, in order. */
  readonly #reverse: (() => Promise<void>)[] = []

  private constructor(folder: BytePath, items: readonly PlannedItem[], stamp: string) {
    const random = randomBytes(4).toString('hex')
    const path = (state: 'gather' | 'undo'): BytePath =>
      childPath(folder, besideName({ state, stamp, pid: process.pid }, random))
    this.#folder = folder
    this.#items = items
    this.#names = { gather: path('gather'), undo: path('undo') }
    this.#path = this.#names.gather
  }

  /** @param items of this folder @param stamp of the undo: what is there now is kept under it */
  static async make(folder: BytePath, items: readonly KeptItem[], stamp: string): Promise<UndoFolder> {
    const below = (path: BytePath): string => path.slice(folder === '/' ? 1 : folder.length + 1)
    const planned = items.map((item) => ({
      live: below(item.live),
      kept: item.kept === undefined ? null : below(item.kept),
      keep: below(placeToKeep(item, stamp)),
    }))
    const undo = new UndoFolder(folder, planned, stamp)
    await mkdir(systemPath(undo.#path), { mode: 0o700 })
    undo.#reverse.push(() => removeEmptied(undo.#path))
    await writePlan(undo.#path, planned)
    await syncFolder(folder)
    return undo
  }

  /** Takes what is kept from where it is kept. Nothing that is in place is touched. */
  async gather(): Promise<void> {
    for (const [number, { kept }] of this.#items.entries()) {
      const place = childPath(this.#path, `${number}`)
      if (kept === null) {
        await writeFile(systemPath(place), '', { mode: 0o600 })
        this.#reverse.push(() => rm(systemPath(place)))
        continue
      }
      const from = childPath(this.#folder, kept)
      await move(from, place)
      this.#reverse.push(() => move(place, from))
    }
    await syncFolder(this.#path)
  }

  /** From now on the undo is finished, whatever happens. */
  async commit(): Promise<void> {
    await rename(systemPath(this.#names.gather), systemPath(this.#names.undo))
    this.#path = this.#names.undo
    this.#reverse.push(async () => {
      await rename(systemPath(this.#names.undo), systemPath(this.#names.gather))
      this.#path = this.#names.gather
    })
    await syncFolder(this.#folder)
  }

  /** Puts everything where it belongs. */
  async putBack(): Promise<void> {
    for (const [number, item] of this.#items.entries()) {
      await putBack(this.#folder, childPath(this.#path, `${number}`), item, this.#reverse)
    }
  }

  /** Removes what is not needed any more. @returns where that is kept which was in place */
  async finish(): Promise<BytePath[]> {
    this.#reverse.length = 0
    return await clearUp(this.#folder, this.#path, this.#items)
  }

  /** Takes everything back that was done. */
  async takeBack(): Promise<void> {
    for (const step of this.#reverse.splice(0).toReversed()) await step()
  }
}

/** Finishes an undo that was interrupted, or takes it back when it had not begun to replace anything. */
export async function settleUndo(folder: BytePath, path: BytePath, state: 'gather' | 'undo'): Promise<Finding[]> {
  const items = await readPlan(path)
  if (state === 'gather') {
    for (const [number, { kept }] of items.entries()) {
      const place = childPath(path, `${number}`)
      if (kept !== null && (await lookAt(place))) await move(place, childPath(folder, kept))
    }
    await removeEmptied(path)
    await syncFolder(folder)
    return [takenBack(folder)]
  }
  for (const [number, item] of items.entries()) {
    const place = childPath(path, `${number}`)
    if (await lookAt(place)) await putBack(folder, place, item)
  }
  await clearUp(folder, path, items)
  return [finishedUndo(items.map(({ live }) => childPath(folder, live)))]
}

async function putBack(
  folder: BytePath,
  fresh: BytePath,
  { live: at, kept: from, keep }: PlannedItem,
  reverse: (() => Promise<void>)[] = [],
): Promise<void> {
  const [live, kept] = [childPath(folder, at), childPath(folder, keep)]
  if (parseKeptFolderName(nameOf(parentPath(kept))) !== undefined) {
    await mkdir(systemPath(parentPath(kept)), { recursive: true, mode: 0o700 })
  }
  if (from === null) {
    if (await lookAt(live)) {
      const place = await freePlace(kept)
      await move(live, place)
      reverse.push(() => move(place, live))
    }
    await rm(systemPath(fresh))
    reverse.push(() => writeFile(systemPath(fresh), '', { mode: 0o600 }))
    return
  }
  const [there, before] = [await lookAt(live), await lookAt(kept)]
  // A file was given the name under which it is kept, and then stayed where it is.
  const isHalfDone = there && before && there.ino === before.ino && there.dev === before.dev
  if (isHalfDone) await rm(systemPath(kept))
  const old = await swap(fresh, live, kept)
  reverse.push(async () => {
    await move(live, fresh)
    if (old !== undefined) await move(old, live)
  })
  await syncFolder(parentPath(live))
}

/** @returns where that is kept which was in place */
async function clearUp(folder: BytePath, path: BytePath, items: readonly PlannedItem[]): Promise<BytePath[]> {
  await removeEmptied(path)
  const places = items.flatMap(({ kept, keep }) => [keep, ...(kept === null ? [] : [kept])])
  for (const holder of new Set(places.map((place) => parentPath(childPath(folder, place))))) {
    if (parseKeptFolderName(nameOf(holder))) await removeIfEmpty(holder)
  }
  await syncFolder(folder)
  const kept: BytePath[] = []
  for (const { keep } of items) {
    const place = childPath(folder, keep)
    if (!(await lookAt(place))) continue
    const holder = parentPath(place)
    kept.push(parseKeptFolderName(nameOf(holder)) ? holder : place)
  }
  return [...new Set(kept)]
}

async function writePlan(path: BytePath, items: readonly PlannedItem[]): Promise<void> {
  await using file = await open(systemPath(childPath(path, PLAN)), 'wx', 0o600)
  await file.writeFile(JSON.stringify({ version: 1, items }))
  await file.sync()
  await syncToDisk(systemPath(path))
}

/** A plan that was not written to its end is one of nothing: what is kept is taken only after it is on the disk. */
async function readPlan(path: BytePath): Promise<readonly PlannedItem[]> {
  try {
    return planSchema.parse(JSON.parse(await readFile(systemPath(childPath(path, PLAN)), 'utf8'))).items
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return []
    throw error
  }
}

/** Leaves it there when something is in it that nobody has put back. */
async function removeEmptied(path: BytePath): Promise<void> {
  const items = await readPlan(path)
  for (const [number, { kept }] of items.entries()) {
    if (kept === null) await rm(systemPath(childPath(path, `${number}`)), { force: true })
  }
  await rm(systemPath(childPath(path, PLAN)), { force: true })
  await rmdir(systemPath(path))
}

async function removeIfEmpty(folder: BytePath): Promise<void> {
  try {
    await rmdir(systemPath(folder))
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) throw error
  }
}

function takenBack(folder: BytePath): Finding {
  return {
    severity: 'warning',
    message: `an undo of a restore in ${printablePath(folder)} was interrupted before it replaced anything there, and has been taken back`,
    hint: 'run `hikae restore SOURCE --undo` again if it is still wanted',
  }
}

function finishedUndo(lives: readonly BytePath[]): Finding {
  const [first] = lives
  const more = lives.length > 1 ? ` and ${lives.length - 1} more` : ''
  return {
    severity: 'warning',
    message: `an undo of a restore of ${first === undefined ? 'nothing' : printablePath(first)}${more} was interrupted in the middle, and has been finished now`,
    hint: 'look at it; what was there before the undo is kept beside it',
  }
}
