import { isConflict, isNotFound } from '../engine-error.ts'
import { type Asked, conditionOf } from './container-condition.ts'
import type { HeldContainer } from './hold-record.ts'
import type { QuiesceMethod, Undone } from './method.ts'

/** Freezes the container's processes where they are, and lets them go on. */
export function pauseMethod(): QuiesceMethod {
  return { doing: 'pausing', begin: pause, undo: unpause }
}

async function pause(engine: Asked, { id, name, startedAt }: HeldContainer): Promise<string | undefined> {
  try {
    await engine.ask(`pause the container ${name}`, (api) => api.getContainer(id).pause())
    return startedAt
  } catch (error) {
    if (isNotFound(error)) return undefined
    const now = isConflict(error) ? await conditionOf(engine, id, name) : undefined
    // It ended by itself, or somebody else has paused it, in this moment.
    if (now && (!now.isRunning || now.isPaused)) return undefined
    throw error
  }
}

async function unpause(engine: Asked, { id, name, startedAt }: HeldContainer): Promise<Undone> {
  const now = await conditionOf(engine, id, name)
  if (!now) return { isBack: false, disturbance: 'was removed' }
  if (!now.isRunning) {
    return { isBack: false, disturbance: 'ended and was left so' }
  }
  if (now.startedAt !== startedAt) return { isBack: false, disturbance: 'was started anew' }
  if (!now.isPaused) return { isBack: false, disturbance: 'was unpaused by something else' }
  await engine.ask(`let the paused container ${name} go on`, (api) => api.getContainer(id).unpause())
  return { isBack: true }
}
