import { readdir, rm } from 'node:fs/promises'
import type { ReadContext } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { type BytePath, childPath, systemPath } from '../swap/byte-path.ts'
import { flushFileSystem } from '../swap/flush.ts'
import { Replacement } from '../swap/replacement.ts'

export interface BuildOptions {
  /** Of the snapshot: what is in it is built. */
  readonly from: BytePath
  /** A folder in the replacement; the replacement itself by default. */
  readonly into?: string
  /** Of this only; everything by default. */
  readonly only?: readonly string[]
  readonly time: Date
  readonly signal: AbortSignal
}

/**
 * Builds what is to be swapped in, beside where it will be: whole, compared, and written down.
 *
 * @param folder whose path is text
 * @throws what cannot be restored: nothing is left then
 */
export async function buildBeside(
  folder: BytePath,
  point: SourcePoint,
  { from, into, only, time, signal }: BuildOptions,
  context: ReadContext,
): Promise<Replacement> {
  await using owned = new AsyncDisposableStack()
  const replacement = owned.use(await Replacement.open(folder, time))
  const place = into === undefined ? replacement.path : childPath(replacement.path, into)
  await point.writeTo(String(systemPath(place)), from)
  signal.throwIfAborted()
  if (only) await removeOthers(replacement.path, only)
  await flushFileSystem(String(systemPath(folder)), signal, context)
  owned.move()
  return replacement
}

export async function namesIn(folder: BytePath): Promise<string[]> {
  const names = await readdir(systemPath(folder), { encoding: 'buffer' })
  return names.map((name) => name.toString('latin1'))
}

async function removeOthers(folder: BytePath, wanted: readonly string[]): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (!wanted.includes(name)) await rm(systemPath(childPath(folder, name)), { recursive: true })
  }
}
