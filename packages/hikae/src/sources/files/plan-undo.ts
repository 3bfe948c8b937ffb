import { InputError } from '../../errors.ts'
import { repositoriesBelow } from '../own-paths.ts'
import type { ReadContext, RestorePlan } from '../source-kind.ts'
import { type BytePath, isWithin, nameOf, parentPath, printablePath } from '../swap/byte-path.ts'
import { createdBy, forgetCreated, rememberCreated } from '../swap/created-paths.ts'
import { addedContent, type KeptItem, type KeptMoment } from '../swap/kept-items.ts'
import { lookAt } from '../swap/move.ts'
import { named, nextStamp, undoMoment } from '../swap/undo-moment.ts'
import type { FilesConfig } from './config.ts'
import { findKept } from './find-kept.ts'
import { findPaths } from './find-paths.ts'
import { mountFacts } from './mount-points.ts'

/** So many steps of a plan are told one by one. */
const MOST_STEPS = 20

/** @throws {InputError} something is mounted in the way */
export async function planUndo(moment: KeptMoment, config: FilesConfig, context: ReadContext): Promise<RestorePlan> {
  const items = await itemsOf(moment, config, context)
  for (const { live, isContent = false } of items) if (!isContent) await refuseFixed(live, context)
  return {
    steps: stepsFor(items, await Promise.all(items.map(({ live }) => lookAt(live).then(Boolean)))),
    async apply(signal) {
      signal.throwIfAborted()
      const others = (await findKept(config, context)).map(({ stamp }) => stamp)
      const stamp = await nextStamp(items, others, new Date())
      await rememberMissing(items, stamp, context)
      const kept = await undoMoment(items, stamp)
      await forgetCreated(context, moment.stamp)
      return { place: named(livesOf(items)), ...(kept.length > 0 ? { kept: named(kept) } : {}), findings: [] }
    },
  }
}

/** Also what was not there before that restore. */
async function itemsOf(moment: KeptMoment, config: FilesConfig, context: ReadContext): Promise<KeptItem[]> {
  const { targets } = await findPaths(config, context.folder)
  const created: KeptItem[] = []
  for (const live of await createdBy(context, moment.stamp)) {
    const isOurs = targets.some((target) => isWithin(live, target))
    if (!isOurs || moment.items.some((item) => item.live === live) || !(await lookAt(live))) continue
    const target = targets.find((path) => isWithin(live, path) && path !== live)
    created.push({ folder: target ?? parentPath(live), live })
  }
  return [...moment.items, ...created, ...(await addedContent(moment))]
}

/** What the undo puts where nothing is now, an undo of it takes away again. */
async function rememberMissing(items: readonly KeptItem[], stamp: string, context: ReadContext): Promise<void> {
  const missing: BytePath[] = []
  for (const { live, isContent = false } of items) if (!isContent && !(await lookAt(live))) missing.push(live)
  await rememberCreated(context, stamp, missing)
}

/** What cannot be moved away, or must not. */
async function refuseFixed(live: BytePath, { own }: ReadContext): Promise<void> {
  if (!(await lookAt(live))) return
  const [carried] = await repositoriesBelow([live], own)
  if (carried !== undefined) {
    throw new InputError(`${printablePath(carried)} is a repository of this stack, and would be carried away`, {
      hint: 'move it to another place, or move what is wanted back from what is kept by hand',
    })
  }
  const { isMountPoint, below } = await mountFacts(live)
  const mount = isMountPoint ? live : below[0]
  if (mount === undefined) return
  throw new InputError(`${printablePath(mount)} is a mount point now, and cannot be moved away`, {
    hint: 'unmount it and undo again, or move what is wanted back from what is kept by hand',
  })
}

function stepsFor(items: readonly KeptItem[], isThere: readonly boolean[]): string[] {
  const steps = items
    .map((item, at) => ({ item, isThere: isThere[at]! }))
    .map(({ item: { live, kept, isContent = false }, isThere: there }) => {
      const text = printablePath(live)
      const keep = isContent ? 'hikae-before-TIME' : `${printablePath(nameOf(live))}.before-TIME`
      if (kept === undefined) return `move ${text}, which was not there before, away to ${keep}`
      const back = `put ${printablePath(kept)} back as ${text}`
      return there ? `${back}, and keep what is there now as ${keep}` : `${back}, where nothing is now`
    })
  if (steps.length <= MOST_STEPS) return steps
  return [...steps.slice(0, MOST_STEPS), `and the same with ${steps.length - MOST_STEPS} more`]
}

/** Where they are: of content, the folder. */
function livesOf(items: readonly KeptItem[]): BytePath[] {
  return [...new Set(items.map(({ folder, live, isContent = false }) => (isContent ? folder : live)))]
}
