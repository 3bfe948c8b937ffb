import { rm } from 'node:fs/promises'
import type { KeptCopy, ReadContext, RestorePlan } from '../source-kind.ts'
import { type BytePath, nameOf, parentPath, systemPath } from './byte-path.ts'
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
        await rm(systemPath(place), { recursive: true, force: true, maxRetries: 3 })
        await syncFolder(parentPath(place))
      }
      await forgetCreated(context, moment.stamp)
    },
  }
}

/** What is kept of a mount point is one folder. */
function placesOf(items: readonly KeptItem[]): BytePath[] {
  const places = items.flatMap(({ kept }) => (kept === undefined ? [] : [kept]))
  return [
    ...new Set(places.map((place) => (parseKeptFolderName(nameOf(parentPath(place))) ? parentPath(place) : place))),
  ]
}
