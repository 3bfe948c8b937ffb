import type { BigIntStats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../errors.ts'

/** Whether changes of a path mean nothing, and of everything below it. */
export type Ignores = (path: string) => boolean

export interface WalkedPath {
  readonly path: string
  readonly stats: BigIntStats
}

/**
 * A path and all below it, folders before their content, in the order of names. What cannot be read, or goes away
 * meanwhile, is left out: whoever backs it up says so.
 */
export async function* walkTree(path: string, ignores: Ignores, signal: AbortSignal): AsyncGenerator<WalkedPath> {
  if (signal.aborted || ignores(path)) return
  const stats = await lookAt(path)
  if (!stats) return
  yield { path, stats }
  if (!stats.isDirectory()) return
  for (const name of await namesIn(path)) yield* walkTree(join(path, name), ignores, signal)
}

/** As {@link walkTree}, folders only: nothing else is looked at. */
export async function* walkFolders(path: string, ignores: Ignores, signal: AbortSignal): AsyncGenerator<WalkedPath> {
  if (signal.aborted || ignores(path)) return
  const stats = await lookAt(path)
  if (!stats?.isDirectory()) return
  yield { path, stats }
  for (const name of await foldersIn(path)) yield* walkFolders(join(path, name), ignores, signal)
}

/** Undefined when it is not there, or not for us. */
export async function lookAt(path: string): Promise<BigIntStats | undefined> {
  return orNothing(() => lstat(path, { bigint: true }), undefined)
}

async function namesIn(path: string): Promise<string[]> {
  return (await orNothing(() => readdir(path), [])).sort()
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await orNothing(() => readdir(path, { withFileTypes: true }), [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

async function orNothing<T>(read: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return nothing
  }
}
