import { mkdir } from 'node:fs/promises'
import { errorMessage, InputError } from '../../errors.ts'
import { ownBelow } from '../own-paths.ts'
import type { ReadContext, Restored, RestorePlan } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { type BytePath, nameOf, parentPath, printablePath, systemPath } from '../swap/byte-path.ts'
import { rememberCreated } from '../swap/created-paths.ts'
import { staysAtTop } from '../swap/kept-items.ts'
import { stampOf } from '../swap/names.ts'
import type { Replacement } from '../swap/replacement.ts'
import { settleSwaps } from '../swap/settle-swaps.ts'
import { buildBeside, namesIn } from './build-beside.ts'
import { filesFacts } from './files-facts.ts'
import { findConflict, mergeTree, type Replaced } from './merge-tree.ts'
import { type Place, placeOf, sharedFolders } from './place-of.ts'

/**
 * Where it was. All of it is built beside before the first thing is replaced; then each saved path is swapped by itself, and
 * what was there is kept. What lies below the same folder is built together, with the folder's other saved paths, so that a
 * path directly below `/` needs room for everything that was saved.
 */
export async function planInPlace(point: SourcePoint, context: ReadContext): Promise<RestorePlan> {
  const facts = filesFacts(point)
  const notes: string[] = []
  for (const folder of new Set(facts.paths.flatMap(({ path }) => [parentPath(path), path]))) {
    for (const { message } of await settleSwaps(folder)) notes.push(message)
  }
  const places: Place[] = []
  for (const saved of facts.paths) places.push(await placeOf(saved, facts.include.length > 0, context.own))
  return {
    steps: [
      ...notes,
      `write ${facts.files} files (${facts.bytes} bytes) beside where they were, read them back and compare them`,
      ...places.map(stepOf),
      ...excludedStep(facts.exclude, places),
      ...(await ownSteps(places, context)),
    ],
    apply: (signal) => restoreInPlace(places, point, { ...context, signal }),
  }
}

interface Swap extends Pick<Place, 'path' | 'way'> {
  readonly run: () => Promise<Replaced>
}

async function restoreInPlace(places: readonly Place[], point: SourcePoint, context: ReadContext): Promise<Restored> {
  await using built = new AsyncDisposableStack()
  const options = { time: new Date(), signal: context.signal }
  const swaps: Swap[] = []
  for (const [folder, group] of sharedFolders(places.filter(({ way }) => way === 'swap'))) {
    await mkdir(systemPath(folder), { recursive: true })
    const only = group.map(({ path }) => nameOf(path))
    const replacement = built.use(await buildBeside(folder, point, { ...options, from: folder, only }, context))
    for (const { path } of group) {
      swaps.push({ path, way: 'swap', run: () => swapOne(replacement, path) })
    }
  }
  for (const { path, way } of places.filter(({ way }) => way !== 'swap')) {
    const replacement = built.use(await buildBeside(path, point, { ...options, from: path }, context))
    if (way === 'merge') await refuseConflict(replacement.path, path)
    swaps.push({ path, way, run: () => (way === 'merge' ? mergeTree(replacement, path) : swapAll(replacement)) })
  }
  const { kept, created } = await runAll(swaps)
  // Without anything that is kept, there is nothing to undo.
  if (kept.length > 0) await rememberCreated(context, stampOf(options.time), created)
  return {
    place: places.map(({ path }) => printablePath(path)).join(', '),
    ...(kept.length > 0 ? { kept: kept.map((path) => printablePath(path)).join(', ') } : {}),
    findings: [],
  }
}

/** @throws {InputError} one failed: it is as it was, or each of its files is, and the message says what is new already */
async function runAll(swaps: readonly Swap[]): Promise<Replaced> {
  const kept: BytePath[] = []
  const created: BytePath[] = []
  const done: string[] = []
  for (const { path, way, run } of swaps) {
    try {
      const replaced = await run()
      kept.push(...replaced.kept)
      created.push(...replaced.created)
      done.push(printablePath(path))
    } catch (error) {
      const pieces = way === 'merge' ? 'some of its files may be new already, each with its old one beside it; ' : ''
      const before = done.length === 0 ? 'nothing else was replaced' : `${done.join(', ')} is replaced already`
      const where =
        kept.length === 0 ? '' : `, and the old is kept as ${kept.map((at) => printablePath(at)).join(', ')}`
      throw new InputError(`${printablePath(path)} could not be replaced: ${errorMessage(error)}`, {
        hint: `${pieces}${before}${where}; restore again when the cause is gone, or to an empty folder with \`--to FOLDER\``,
        cause: error,
      })
    }
  }
  return { kept, created }
}

async function swapOne(replacement: Replacement, path: BytePath): Promise<Replaced> {
  const kept = await replacement.swapIn(nameOf(path))
  return kept === undefined ? { kept: [], created: [path] } : { kept: [kept], created: [] }
}

/** All that is new is known by what is kept: nothing needs to be remembered. */
async function swapAll(replacement: Replacement): Promise<Replaced> {
  const names = (await namesIn(replacement.path)).filter((name) => !staysAtTop(name))
  const others = (await namesIn(replacement.folder)).filter((name) => !staysAtTop(name) && !names.includes(name))
  const kept = await replacement.swapContent(names, others)
  return { kept: kept === undefined ? [] : [kept], created: [] }
}

async function refuseConflict(fresh: BytePath, live: BytePath): Promise<void> {
  const conflict = await findConflict(fresh, live)
  if (conflict === undefined) return
  throw new InputError(`${printablePath(conflict)} was a folder and is none now, or the other way round`, {
    hint: 'nothing was replaced: move it away, or restore to an empty folder with `--to FOLDER`',
  })
}

function stepOf({ path, way, isThere }: Place): string {
  const text = printablePath(path)
  if (!isThere) return `put ${text} back, which is not there now`
  switch (way) {
    case 'swap':
      return `replace ${text}, and keep what is there now beside it as ${text}.before-TIME`
    case 'content':
      return `replace what is in ${text}, piece by piece, because it is a mount point, and keep what is there now in it, in hikae-before-TIME`
    case 'merge':
      return `replace the saved files in ${text}, each by itself, and keep those that differ beside them as NAME.before-TIME; other files stay`
  }
}

/** What is Hikae's, and not in the way: its state. */
async function ownSteps(places: readonly Place[], { own }: ReadContext): Promise<string[]> {
  const replaced = places.filter(({ way, isThere }) => way !== 'merge' && isThere).map(({ path }) => path)
  return (await ownBelow(replaced, own)).map(
    (path) => `the history of runs in ${printablePath(path)} goes with what is kept: move it back if it is wanted`,
  )
}

function excludedStep(exclude: readonly string[], places: readonly Place[]): string[] {
  if (!places.some(({ way, isThere }) => way !== 'merge' && isThere)) return []
  const what =
    exclude.length === 0 ? 'is in no backup' : `is in no backup, such as what ${exclude.join(', ')} leaves out,`
  return [`what ${what} is then only in what was kept: move it back from there where it is needed`]
}
