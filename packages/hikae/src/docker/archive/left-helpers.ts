import { isConflict, isNotFound } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import { isMadeByEnded } from '../made-by.ts'

/** On each helper: whose it is. */
export const HELPER_LABEL = 'hikae.helper'

/** With the volumes without a name that an image asks for; those that have one stay. */
export const REMOVAL = { force: true, v: true } as const

/** Of other machines and containers, nobody here can tell whether they go on. */
const OLD_SECONDS = 7 * 24 * 60 * 60

/** Removes the helper containers of processes that have ended. @throws {DockerError} */
export async function removeLeftHelpers(engine: DockerEngine): Promise<void> {
  const listed = await engine.ask('list helper containers', (api) =>
    api.listContainers({ all: true, filters: { label: [HELPER_LABEL] } }),
  )
  for (const { Id: id, Names: names, Labels: labels, Created: created } of listed) {
    if (!isLeft(labels[HELPER_LABEL] ?? '', created)) continue
    try {
      const name = names[0]?.slice(1) ?? id
      await engine.ask('remove a helper container', (api) => api.getContainer(name).remove(REMOVAL))
    } catch (error) {
      // Somebody else is removing it.
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }
}

function isLeft(label: string, created: number): boolean {
  return Date.now() / 1000 - created > OLD_SECONDS || isMadeByEnded(label)
}
