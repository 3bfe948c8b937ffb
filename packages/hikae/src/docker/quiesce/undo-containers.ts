import { setTimeout as sleep } from 'node:timers/promises'
import { DockerError } from '../engine-error.ts'
import { type Asked, type ContainerCondition, conditionOf, isStill } from './container-condition.ts'
import { isLiving, readClaims, writeClaims } from './claims.ts'
import { takeLock } from './container-lock.ts'
import type { HeldContainer, HoldRecord } from './hold-record.ts'
import { type Log, methodOfHeld, type Undone } from './method.ts'

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

export interface UndoOptions {
  readonly engine: Asked
  readonly record: HoldRecord
  /** Of containers and claims on them. */
  readonly locks: string
  readonly log: Log
  /** Ends waiting for a container that another run is just stopping or starting. */
  readonly signal?: AbortSignal
  readonly onDone?: (one: UndoneContainer) => void
}

/**
 * Lets the containers of a record go on, the last one first, but for those that a living run holds too. One that cannot does
 * not keep the others. Those that were started are looked at for a moment more.
 */
export async function undoContainers(options: UndoOptions): Promise<readonly UndoneContainer[]> {
  const results: UndoneContainer[] = []
  for (const held of options.record.containers.toReversed()) {
    const result = await undoOne(held, options)
    options.onDone?.(result)
    results.push(result)
  }
  return await lookedAtAgain(options.engine, results)
}

async function undoOne(held: HeldContainer, options: UndoOptions): Promise<UndoneContainer> {
  const { engine, record, locks, log, signal = NEVER } = options
  try {
    using _lock = await takeLock(locks, held.id, { signal, onBusy: () => undefined })
    const others = (await readClaims(locks, held.id)).filter(({ hold }) => hold !== record.id)
    if (others.some(isLiving)) {
      await writeClaims(locks, held.id, others)
      const now = await conditionOf(engine, held.id, held.name)
      const disturbance = now && isStill(now, held) ? {} : { disturbance: 'did not stay as it was' }
      return { held, undone: { isBack: false, isLeftToAnother: true, ...disturbance } }
    }
    const undone = await methodOfHeld(held, record, log).undo(engine, held)
    await writeClaims(locks, held.id, [])
    return { held, undone }
  } catch (error) {
    return { held, error }
  }
}

const NEVER = new AbortController().signal

/** A program that finds something wrong mostly ends within a moment. */
async function lookedAtAgain(engine: Asked, results: readonly UndoneContainer[]): Promise<readonly UndoneContainer[]> {
  const until = performance.now() + SETTLING_MS
  const ended = new Map<UndoneContainer, number>()
  const back = results.filter(({ undone, held }) => undone?.isBack && held.how === 'stop')
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
