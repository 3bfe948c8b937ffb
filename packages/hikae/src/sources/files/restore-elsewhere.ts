import { mkdir, rename } from 'node:fs/promises'
import { InputError } from '../../errors.ts'
import type { ReadContext, Restored, RestorePlan } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { bytePath, childPath, nameOf, parentPath, printablePath, systemPath } from '../swap/byte-path.ts'
import { lookAt } from '../swap/move.ts'
import { buildBeside, namesIn } from './build-beside.ts'
import { filesFacts, type SavedPath } from './files-facts.ts'

/** At the top of a file system of its own; nobody put it there. */
const LOST_AND_FOUND = 'lost+found'

/**
 * Into a folder that is absent or empty. The content of one saved folder comes right into it, as does one saved file; of
 * several saved paths, each comes under its full path below it, so that none is mistaken for another.
 *
 * @param to absolute
 */
export async function planElsewhere(to: string, point: SourcePoint, context: ReadContext): Promise<RestorePlan> {
  const { paths, files, bytes } = filesFacts(point)
  const place = bytePath(to)
  const there = await lookAt(place)
  const found = there?.isDirectory() ? (await namesIn(place)).filter((name) => name !== LOST_AND_FOUND) : []
  if (there && (!there.isDirectory() || found.length > 0)) throw isTaken(to, there.isDirectory())
  const [only] = paths
  const what =
    paths.length === 1 ? `what was in ${printablePath(only!.path)}` : `${paths.length} paths, each under its full name,`
  return {
    steps: [
      `write ${what} (${files} files, ${bytes} bytes) beside ${to}, read it back and compare it`,
      there ? `move it into ${to}, which is empty` : `move it to ${to}, which is not there yet`,
    ],
    apply: (signal) =>
      there ? fill(to, paths, point, { ...context, signal }) : create(to, paths, point, { ...context, signal }),
  }
}

async function fill(
  to: string,
  paths: readonly SavedPath[],
  point: SourcePoint,
  context: ReadContext,
): Promise<Restored> {
  const place = bytePath(to)
  const from = paths.length === 1 ? paths[0]!.path : '/'
  await using built = await buildBeside(place, point, { from, time: new Date(), signal: context.signal }, context)
  const there = await namesIn(place)
  const names = (await namesIn(built.path)).filter((name) => name !== LOST_AND_FOUND || !there.includes(name))
  const kept = await built.swapContent(names, [])
  return { place: to, findings: [], ...(kept === undefined ? {} : { kept: printablePath(kept) }) }
}

async function create(
  to: string,
  paths: readonly SavedPath[],
  point: SourcePoint,
  context: ReadContext,
): Promise<Restored> {
  const place = bytePath(to)
  const name = nameOf(place)
  const folder = parentPath(place)
  await mkdir(systemPath(folder), { recursive: true })
  const [one] = paths
  const options = { time: new Date(), signal: context.signal }
  // From the folder above it, a saved folder comes with its own mode, owner and times.
  const isFolder = paths.length === 1 && one!.type === 'directory' && one!.path !== '/'
  const from = paths.length === 1 ? one!.path : '/'
  await using built = isFolder
    ? await buildBeside(folder, point, { ...options, from: parentPath(from) }, context)
    : await buildBeside(folder, point, { ...options, from, into: name }, context)
  if (isFolder) await rename(systemPath(childPath(built.path, nameOf(from))), systemPath(childPath(built.path, name)))
  const kept = await built.swapIn(name)
  return { place: to, findings: [], ...(kept === undefined ? {} : { kept: printablePath(kept) }) }
}

function isTaken(to: string, isFolder: boolean): InputError {
  return new InputError(isFolder ? `${to} is not empty` : `${to} is there, and is not a folder`, {
    hint: 'choose a folder that is empty or not there yet; without --to it is restored in place, and what is there is kept',
  })
}
