import { chmod, chown, copyFile, rm, stat, unlink, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorMessage, InputError } from '../../../errors.ts'
import { syncToDisk } from '../../../sync-to-disk.ts'
import type { Finding } from '../../finding.ts'
import type { KeptCopy, ReadContext, Restored, RestorePlan } from '../../source-kind.ts'
import { systemPath } from '../../swap/byte-path.ts'
import { createdBy, forgetCreated, rememberCreated } from '../../swap/created-paths.ts'
import { keptCopy } from '../../swap/kept-copy.ts'
import { type KeptItem, type KeptMoment, placeToKeep } from '../../swap/kept-items.ts'
import { nextStamp } from '../../swap/undo-moment.ts'
import type { SqliteConfig } from '../config.ts'
import { DatabaseProcess } from '../database-process.ts'
import { COMPANIONS } from '../find-databases.ts'
import { isThere } from '../is-there.ts'
import { openBuildFolder } from './build.ts'
import { createdItem, findKept } from './find-kept.ts'
import { filesOf, leftBehind, lockDatabases, refuseUsers } from './lock-databases.ts'
import { nameUsers, usersOf } from './open-files.ts'
import { giveSecondName, putAway, swapDatabase } from './swap-database.ts'

/** Databases that restores in place have replaced, with the log or journal that was beside them. */
export async function keptDatabases(config: SqliteConfig, context: ReadContext): Promise<readonly KeptCopy[]> {
  const moments = await findKept(config, context)
  return moments.map((moment) => {
    const copy = keptCopy(withCompanions(moment), (_, asked) => planUndo(moment, config, asked))
    return { ...copy, place: moment.items.map(({ kept }) => text(kept!)).join(', ') }
  })
}

/** A database goes with what SQLite kept beside it. */
function withCompanions(moment: KeptMoment): KeptMoment {
  const items = moment.items.flatMap((item) => [
    item,
    ...COMPANIONS.map((end) => ({ ...item, kept: `${item.kept!}${end}` })),
  ])
  return { ...moment, items }
}

async function planUndo(moment: KeptMoment, config: SqliteConfig, context: ReadContext): Promise<RestorePlan> {
  const created: KeptItem[] = []
  for (const live of await createdBy(context, moment.stamp)) {
    const isNew = !moment.items.some((item) => item.live === live)
    if (isNew && (await isThere(text(live)))) created.push(createdItem(text(live)))
  }
  const items = [...moment.items, ...created]
  const steps: string[] = []
  for (const item of items) steps.push(...(await stepsFor(item)))
  return {
    steps,
    async apply(signal) {
      const others = (await findKept(config, context)).map(({ stamp }) => stamp)
      const stamp = await nextStamp(items, others, new Date())
      const restored = await undo(items, stamp, { ...context, signal: AbortSignal.any([context.signal, signal]) })
      await forgetCreated(context, moment.stamp)
      return restored
    },
  }
}

async function stepsFor({ live, kept }: KeptItem): Promise<string[]> {
  const place = text(live)
  const isPresent = await isThere(place)
  const writers = isPresent ? (await usersOf([place])).filter(({ access }) => access === 'write') : []
  const lock =
    writers.length === 0
      ? `lock ${place}, and refuse to go on when a program has it open`
      : `lock ${place}: ${nameUsers(writers)} has it open and has to be stopped before`
  const keep = `${basename(place)}.before-TIME`
  if (kept === undefined) return [lock, `move ${place}, which was not there before, away to ${keep}`]
  if (!isPresent) return [`put ${text(kept)} back as ${place}, where nothing is now`]
  return [lock, `put ${text(kept)} back as ${place}, and keep the present one beside it as ${keep}`]
}

/** All are locked before the first one is replaced; each is the one or the other, whole, wherever this ends. */
async function undo(items: readonly KeptItem[], stamp: string, context: ReadContext): Promise<Restored> {
  await using owned = new AsyncDisposableStack()
  const built = new Map<KeptItem, string>()
  const findings: Finding[] = []
  for (const item of items) {
    if (item.kept === undefined) continue
    const folder = owned.use(await openBuildFolder(dirname(text(item.live))))
    findings.push(...folder.findings)
    built.set(item, await prepare(item, folder.path, context))
  }
  const present: string[] = []
  const missing: string[] = []
  for (const { live } of items) ((await isThere(text(live))) ? present : missing).push(live)
  const holders = await lockDatabases(present.map(text), owned, context)
  await rememberCreated(context, stamp, missing)
  const kept: string[] = []
  const done: string[] = []
  for (const item of items) {
    const place = text(item.live)
    try {
      context.signal.throwIfAborted()
      kept.push(...(await putBack(item, built.get(item), stamp)))
      done.push(place)
      findings.push(...(await leftBehind(place, text(placeToKeep(item, stamp)), holders)))
    } catch (error) {
      if (done.length === 0) throw error
      throw new InputError(`${done.join(', ')} was put back, and then it went wrong: ${errorMessage(error)}`, {
        hint: 'undo again for the others: what was put back is no longer among what is kept of that time',
        cause: error,
      })
    }
  }
  return { place: done.join(', '), ...(kept.length > 0 ? { kept: kept.join(', ') } : {}), findings }
}

/** @returns what is kept now */
async function putBack(item: KeptItem, built: string | undefined, stamp: string): Promise<string[]> {
  const place = text(item.live)
  const name = text(placeToKeep(item, stamp))
  const isPresent = await isThere(place)
  if (built === undefined) await putAway(place, name)
  else await swapDatabase(built, place, name)
  if (item.kept !== undefined) for (const path of filesOf(text(item.kept))) await rm(path, { force: true })
  return isPresent ? [name] : []
}

/**
 * What is to take the place of the present one, in one file: a second name of the kept one, or a copy of it with its log or
 * journal in it.
 *
 * @throws {InputError} a program still writes to the kept one, or SQLite cannot read its log
 */
async function prepare({ live, kept }: KeptItem, folder: string, context: ReadContext): Promise<string> {
  const from = text(kept!)
  await refuseUsers(from, [])
  const built = join(folder, basename(text(live)))
  const companions: string[] = []
  for (const end of COMPANIONS) if (end !== '-shm' && (await isThere(`${from}${end}`))) companions.push(end)
  if (companions.length === 0) {
    await giveSecondName(from, built)
    return built
  }
  for (const end of ['', ...companions]) await copyFile(`${from}${end}`, `${built}${end}`)
  await using database = new DatabaseProcess(context.env, context.signal)
  const held = await database.run('hold', { path: built, timeoutMs: 0 })
  if (held.kind !== 'held') throw unreadable(from, held.kind === 'unusable' ? held.reason : 'it is locked')
  await database[Symbol.asyncDispose]()
  for (const end of COMPANIONS) if (await isThere(`${built}${end}`)) await unlink(`${built}${end}`)
  await giveFacts(from, built)
  await syncToDisk(built)
  return built
}

async function giveFacts(from: string, to: string): Promise<void> {
  const { uid, gid, mode, atime, mtime } = await stat(from)
  if (process.getuid?.() === 0) await chown(to, uid, gid)
  await chmod(to, mode & 0o7777)
  await utimes(to, atime, mtime)
}

function unreadable(path: string, reason: string): InputError {
  return new InputError(`${path} cannot be put back, since SQLite cannot read what lies beside it: ${reason}`, {
    hint: 'stop the programs that use the database, and move the file and what lies beside it (-wal, -journal) to its place by hand; nothing has been changed',
  })
}

function text(path: string): string {
  return systemPath(path).toString()
}
