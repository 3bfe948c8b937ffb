import { z } from 'zod'
import { hasEnded, ownProcess, type ProcessOrigin } from '../../state/process-origin.ts'
import { isConflict, isNotFound } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'

/** On each helper: whose it is. */
export const HELPER_LABEL = 'hikae.helper'

/** Of other machines and containers, nobody here can tell whether they go on. */
const OLD_SECONDS = 7 * 24 * 60 * 60

const origin = z.object({
  host: z.string(),
  pid: z.number(),
  boot: z.string().optional(),
  namespace: z.string().optional(),
  started: z.number().optional(),
})

/** Removes the helper containers of processes that have ended. @throws {DockerError} */
export async function removeLeftHelpers(engine: DockerEngine): Promise<void> {
  const listed = await engine.ask('list helper containers', (api) =>
    api.listContainers({ all: true, filters: { label: [HELPER_LABEL] } }),
  )
  for (const { Id: id, Labels: labels, Created: created } of listed) {
    if (!isLeft(labels[HELPER_LABEL] ?? '', created)) continue
    try {
      await engine.ask('remove a helper container', (api) => api.getContainer(id).remove({ force: true }))
    } catch (error) {
      // Somebody else is removing it.
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }
}

function isLeft(label: string, created: number): boolean {
  if (Date.now() / 1000 - created > OLD_SECONDS) return true
  const other = originOf(label)
  if (!other) return false
  const own = ownProcess()
  if (other.host === own.host && other.boot !== undefined && other.boot !== own.boot) return own.boot !== undefined
  return hasEnded({ ...other, lock: HELPER_LABEL }, own, () => true)
}

function originOf(label: string): ProcessOrigin | undefined {
  try {
    const parsed = origin.safeParse(JSON.parse(label))
    return parsed.success ? (parsed.data as ProcessOrigin) : undefined
  } catch {
    return undefined
  }
}
