import { rm } from 'node:fs/promises'
import { errorMessage, InputError } from '../../errors.ts'
import type { KeptCopy, ReadContext, RestorePlan } from '../source-kind.ts'
import { type BytePath, nameOf, parentPath, printablePath, systemPath } from './byte-path.ts'
import { forgetCreated } from './created-paths.ts'
import type { KeptItem, KeptMoment } from './kept-items.ts'
import { measure } from './measure.ts'
import { syncFolder } from './move.ts'
import { parseKeptFolderName, timeOfStamp } from './names.ts'
import { named } from './undo-moment.ts'

/** @param planUndo for what is kept of one restore */
export function keptCopy(
  moment: KeptMoment,
  planUndo: (moment: KeptMoment, context: ReadContext) => Promise<RestorePlan>,
): KeptCopy {
  const places = placesOf(moment.items)
  return {
    time: timeOfStamp(moment.stamp)!,
    place: named(places),
    planUndo: (context) => planUndo(moment, context),
    size: (signal) => measure(places, signal),
    async remove(context) {
      for (const place of places) {
        context.signal.throwIfAborted()
        await removeFor(place)
      }
      await forgetCreated(context, moment.stamp)
    },
  }
}

async function removeFor(place: BytePath): Promise<void> {
  try {
    await rm(systemPath(place), { recursive: true, force: true, maxRetries: 3 })
    await syncFolder(parentPath(place))
  } catch (error) {
    throw new InputError(`${printablePath(place)} cannot be removed: ${errorMessage(error)}`, {
      hint: 'finish again as the user who owns what is in it, or as root',
      cause: error,
    })
  }
}

/** What is kept of a mount point is one folder. */
function placesOf(items: readonly KeptItem[]): BytePath[] {
  const places = items.flatMap(({ kept }) => (kept === undefined ? [] : [kept]))
  return [
    ...new Set(places.map((place) => (parseKeptFolderName(nameOf(parentPath(place))) ? parentPath(place) : place))),
  ]
}
