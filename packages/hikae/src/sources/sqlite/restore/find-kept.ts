import { glob, lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { systemCode } from '../../../errors.ts'
import type { ReadContext } from '../../source-kind.ts'
import { bytePath, parentPath, systemPath } from '../../swap/byte-path.ts'
import { byMoment, keptBeside, type KeptItem, type KeptMoment } from '../../swap/kept-items.ts'
import { type KeptMark, splitKeptName } from '../../swap/names.ts'
import type { SqliteConfig } from '../config.ts'
import { findDatabases, isExcluded } from '../find-databases.ts'
import { isThere } from '../is-there.ts'

/**
 * Databases that restores in place have kept, beside those that the configuration names or has named. What an undo that was
 * killed at its end has left as a second name of the present one is none.
 *
 * @returns newest first
 */
export async function findKept(
  config: SqliteConfig,
  { folder, signal }: Pick<ReadContext, 'folder' | 'signal'>,
): Promise<KeptMoment[]> {
  const found = new Map<string, KeptMark & { readonly item: KeptItem }>()
  for (const live of await livesOf(config, folder, signal)) {
    for (const { items, ...mark } of await keptBeside(bytePath(live)))
      found.set(items[0]!.kept!, { ...mark, item: items[0]! })
  }
  const moments: KeptMoment[] = []
  for (const { item, ...mark } of found.values()) {
    if (!(await areSame(item.live, item.kept!))) moments.push({ ...mark, items: [item] })
  }
  return byMoment(moments)
}

/** Places of databases, also of those that are there no more and that a kept one tells of. */
async function livesOf(config: SqliteConfig, folder: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const { paths } = await findDatabases(config, folder, signal)
  const lives = new Set(paths)
  for (const pattern of config.path) {
    const literal = resolve(folder, pattern)
    if (!(await isThere(literal))) lives.add(literal)
    for await (const path of glob(`${pattern}.before-*`, { cwd: folder })) {
      signal.throwIfAborted()
      const split = splitKeptName(basename(path))
      if (split) lives.add(join(dirname(resolve(folder, path)), split.name))
    }
  }
  const wanted = [...lives].filter((path) => !isExcluded(path, config.exclude, folder))
  return new Set(await Promise.all(wanted.map(ownPath)))
}

/** A restore goes through links, to where they lead. */
async function ownPath(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(systemCode(error) ?? '')) return path
    throw error
  }
}

async function areSame(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => fileId(systemPath(path))))
  return first !== undefined && first === second
}

async function fileId(path: string | Buffer): Promise<string | undefined> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** As an item of an undo: nothing was there. */
export function createdItem(live: string): KeptItem {
  return { folder: parentPath(bytePath(live)), live: bytePath(live) }
}
