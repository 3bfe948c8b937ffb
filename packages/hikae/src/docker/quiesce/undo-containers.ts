import { setTimeout as sleep } from 'node:timers/promises'
import { DockerError } from '../engine-error.ts'
import { type Asked, type ContainerCondition, conditionOf } from './container-condition.ts'
import type { HeldContainer } from './hold-record.ts'
import type { QuiesceMethod, Undone } from './method.ts'

/** Those that were started are looked at for so long. */
const SETTLING_MS = 1000
const LOOK_MS = 100

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
 * Lets containers go on, the last one first. One that cannot does not keep the others. Those that were started are looked
 * at for a moment more.
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
  return method.startsAnew ? await lookedAtAgain(engine, results) : results
}

async function undoOne(engine: Asked, method: QuiesceMethod, held: HeldContainer): Promise<UndoneContainer> {
  try {
    return { held, undone: await method.undo(engine, held) }
  } catch (error) {
    return { held, error }
  }
}

/** A program that finds something wrong mostly ends within a moment. */
async function lookedAtAgain(engine: Asked, results: readonly UndoneContainer[]): Promise<readonly UndoneContainer[]> {
  const until = performance.now() + SETTLING_MS
  const ended = new Map<UndoneContainer, number>()
  const back = results.filter(({ undone }) => undone?.isBack)
  while (performance.now() < until && ended.size < back.length) {
    await sleep(LOOK_MS)
    for (const result of back) {
      const now = await conditionIfKnown(engine, result.held)
      if (now && (!now.isRunning || now.isRestarting)) ended.set(result, now.exitCode)
    }
  }
  return results.map((result) => {
    const endedAgain = ended.get(result)
    return endedAgain === undefined ? result : { ...result, endedAgain }
  })
}

/** It went on; when no more can be said, that is enough. */
async function conditionIfKnown(engine: Asked, { id, name }: HeldContainer): Promise<ContainerCondition | undefined> {
  try {
    return await conditionOf(engine, id, name)
  } catch (error) {
    if (error instanceof DockerError) return undefined
    throw error
  }
}
