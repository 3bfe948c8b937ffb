import { errorMessage, InputError } from '../../errors.ts'
import { type BytePath, printablePath } from './byte-path.ts'
import { type KeptItem, placeToKeep } from './kept-items.ts'
import { lookAt } from './move.ts'
import { stampOf, timeOfStamp } from './names.ts'
import { UndoFolder } from './undo-folder.ts'

/**
 * Puts back what a restore has replaced, all of it or nothing. What is in place now is kept in its stead. Interrupted, what
 * is in one folder is finished or taken back as a whole by `settleSwaps`.
 *
 * @param stamp under which that is kept which is in place now, see {@link nextStamp}
 * @returns where it is kept
 * @throws {InputError} it could not be put back: everything is as it was, unless the hint says otherwise
 */
export async function undoMoment(items: readonly KeptItem[], stamp: string): Promise<BytePath[]> {
  const undos: UndoFolder[] = []
  try {
    for (const [folder, group] of Map.groupBy(items, (item) => item.folder)) {
      undos.push(await UndoFolder.make(folder, group, stamp))
    }
    for (const undo of undos) await undo.gather()
    for (const undo of undos) await undo.commit()
    for (const undo of undos) await undo.putBack()
  } catch (error) {
    await takeBack(undos, error)
    throw new InputError(`what was kept could not be put back: ${errorMessage(error)}`, {
      hint: 'everything is as it was; undo again when the cause is gone',
      cause: error,
    })
  }
  try {
    const kept: BytePath[] = []
    for (const undo of undos) kept.push(...(await undo.finish()))
    return kept
  } catch (error) {
    throw new InputError(`all is put back, but what the undo needed cannot be removed: ${errorMessage(error)}`, {
      hint: '`hikae doctor` removes it when the cause is gone',
      cause: error,
    })
  }
}

/**
 * A time to keep things under that is later than all others, also when the clock was set back, and that no name has yet.
 *
 * @param others of what is kept of the same source
 */
export async function nextStamp(items: readonly KeptItem[], others: readonly string[], now: Date): Promise<string> {
  const last = Math.max(0, ...others.map((stamp) => timeOfStamp(stamp)?.getTime() ?? 0))
  for (let time = Math.max(now.getTime(), last + 1000); ; time += 1000) {
    const stamp = stampOf(new Date(time))
    if (!(await isTaken(items, stamp))) return stamp
  }
}

async function isTaken(items: readonly KeptItem[], stamp: string): Promise<boolean> {
  for (const item of items) if (await lookAt(placeToKeep(item, stamp))) return true
  return false
}

async function takeBack(undos: readonly UndoFolder[], error: unknown): Promise<void> {
  try {
    for (const undo of undos.toReversed()) await undo.takeBack()
  } catch (second) {
    throw new InputError(
      `what was kept could not be put back (${errorMessage(error)}), nor could that be taken back (${errorMessage(second)})`,
      {
        hint: 'nothing is lost: `hikae doctor` finishes it, as does the next backup, when the cause is gone',
        cause: new AggregateError([error, second]),
      },
    )
  }
}

/** For people: the first of them, and how many more. */
export function named(paths: readonly BytePath[]): string {
  const shown = paths.slice(0, 5).map((path) => printablePath(path))
  return paths.length > shown.length ? `${shown.join(', ')} and ${paths.length - shown.length} more` : shown.join(', ')
}
