import { mkdir, readdir, rename, rmdir } from 'node:fs/promises'
import { InputError } from '../../../errors.ts'
import type { ReadContext, Restored, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { bytePath, childPath, nameOf, parentPath, systemPath } from '../../swap/byte-path.ts'
import { flushFileSystem } from '../../swap/flush.ts'
import { lookAt } from '../../swap/move.ts'
import { Replacement } from '../../swap/replacement.ts'
import { amount, containerFacts, type SavedPath } from '../container-facts.ts'

/**
 * As a folder of this host that is absent or empty. One saved path gets the folder's name; of several, each comes below it
 * under its whole path.
 *
 * @param to absolute
 */
export async function planIntoFolder(to: string, point: SourcePoint, context: ReadContext): Promise<RestorePlan> {
  const { paths } = containerFacts(point)
  const there = await lookAt(bytePath(to))
  if (there && !(there.isDirectory() && (await readdir(to)).length === 0)) throw isTaken(to)
  const what = paths.length === 1 ? paths[0]!.path : `${paths.length} paths, each under its whole name,`
  return {
    steps: [
      `write ${what} (${amount(paths)}) beside ${to}, read it back and compare it`,
      there ? `put it in the place of ${to}, which is empty` : `move it to ${to}, which is not there yet`,
    ],
    apply: (signal) => intoFolder(to, paths, point, { ...context, signal }),
  }
}

async function intoFolder(
  to: string,
  paths: readonly SavedPath[],
  point: SourcePoint,
  context: ReadContext,
): Promise<Restored> {
  const place = bytePath(to)
  const folder = parentPath(place)
  await mkdir(systemPath(folder), { recursive: true })
  await using built = await Replacement.open(folder, new Date())
  const fresh = childPath(built.path, nameOf(place))
  const [first] = paths
  if (paths.length === 1) {
    const from = bytePath(first!.path)
    await point.writeTo(String(systemPath(built.path)), parentPath(from), { only: [nameOf(from)] })
    await rename(systemPath(childPath(built.path, nameOf(from))), systemPath(fresh))
  } else {
    await point.writeTo(String(systemPath(fresh)))
  }
  context.signal.throwIfAborted()
  await flushFileSystem(String(systemPath(folder)), context.signal, context)
  if (await lookAt(place)) await rmdir(systemPath(place))
  await built.swapIn(nameOf(place))
  return { place: to, findings: [] }
}

function isTaken(to: string): InputError {
  return new InputError(`${to} is there, and is no empty folder`, {
    hint: 'choose a folder that is empty or not there yet, or a place in a container: `--to CONTAINER:/path`',
  })
}
