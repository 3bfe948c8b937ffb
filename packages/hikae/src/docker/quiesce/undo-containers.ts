import { type Asked, conditionOf } from './container-condition.ts'
import type { HeldContainer } from './hold-record.ts'
import type { QuiesceMethod, Undone } from './method.ts'

/** What became of a container that was to go on. */
export interface UndoneContainer {
  readonly held: HeldContainer
  /** Absent when it failed. */
  readonly undone?: Undone
  readonly error?: unknown
  /** It went on, and its process has ended since, with this status. */
  readonly endedAgain?: number
}

/**
 * Lets containers go on, the last one first. One that cannot does not keep the others. Those that went on are looked at once
 * more at the end.
 */
export async function undoContainers(
  engine: Asked,
  method: QuiesceMethod,
  containers: readonly HeldContainer[],
  onDone: (one: UndoneContainer) => void = () => undefined,
): Promise<readonly UndoneContainer[]> {
  const results: UndoneContainer[] = []
  for (const held of containers.toReversed()) {
    const result = await undoOne(engine, method, held)
    onDone(result)
    results.push(result)
  }
  return await Promise.all(results.map((result) => lookedAtAgain(engine, result)))
}

async function undoOne(engine: Asked, method: QuiesceMethod, held: HeldContainer): Promise<UndoneContainer> {
  try {
    return { held, undone: await method.undo(engine, held) }
  } catch (error) {
    return { held, error }
  }
}

async function lookedAtAgain(engine: Asked, result: UndoneContainer): Promise<UndoneContainer> {
  if (!result.undone?.isBack) return result
  try {
    const now = await conditionOf(engine, result.held.id, result.held.name)
    return now && !now.isRunning ? { ...result, endedAgain: now.exitCode } : result
  } catch {
    return result // It went on; more cannot be said.
  }
}
