import { setTimeout as sleep } from 'node:timers/promises'
import { DockerError } from '../engine-error.ts'
import { ENDLESS, type Patience } from '../engine.ts'
import { type Asked, type ContainerCondition, conditionOf } from './container-condition.ts'
import type { HeldContainer } from './hold-record.ts'
import type { Log, QuiesceMethod, Undone } from './method.ts'

/** What the engine answers when a container is already in the state that is asked for. */
const NOT_MODIFIED = 304
/** Of a process that was killed. */
const KILLED = 137
/** For the engine, beyond what the container may take. */
const MARGIN_MS = 3000
const LOOK_MS = 200

/** Stops the container with its own signal and in its own time, and starts it again. */
export function stopMethod(log: Log): QuiesceMethod {
  return {
    doing: 'stopping',
    begin: (engine, held) => stop(engine, held, log),
    undo: startAgain,
  }
}

async function stop(engine: Asked, { id, name, stopSeconds }: HeldContainer, log: Log): Promise<string | undefined> {
  const isStopped = await done(engine, `stop the container ${name}`, (api) => api.getContainer(id).stop(), ENDLESS)
  if (!isStopped) return undefined
  const now = await conditionOf(engine, id, name)
  if (!now) throw new DockerError(`the container ${name} was removed when it was stopped`)
  if (now.isRunning) {
    throw new DockerError(`the container ${name} was stopped, and somebody started it again at once`, {
      hint: 'find out what starts it (systemd, an orchestrator), and let that stop it before the backup',
    })
  }
  if (now.exitCode === KILLED) log(`${name} did not end within its ${stopSeconds} s, and was killed`)
  // It may have been started anew by a restart policy since it was looked at.
  return now.startedAt
}

async function startAgain(engine: Asked, held: HeldContainer): Promise<Undone> {
  const { id, name, startedAt } = held
  const now = await onceStopped(engine, held)
  if (!now) return { isBack: false, disturbance: 'was removed' }
  const isAnother = now.startedAt !== startedAt
  if (now.isRunning) return { isBack: false, ...(isAnother ? { disturbance: 'was started by something else' } : {}) }
  if (isAnother) {
    return {
      isBack: false,
      isLeftEnded: true,
      disturbance: 'was started by something else, ended again and was left so',
    }
  }
  await done(engine, `start the container ${name} again`, (api) => api.getContainer(id).start())
  return { isBack: true }
}

/** An engine that was asked to stop a container does so also when whoever asked has gone; that is waited for. */
async function onceStopped(engine: Asked, held: HeldContainer): Promise<ContainerCondition | undefined> {
  const { id, name, startedAt, heldAt, stopSeconds } = held
  const mostMs = stopSeconds * 1000 + MARGIN_MS
  const leftMs = Math.min(mostMs, Date.parse(heldAt) + mostMs - Date.now())
  const until = performance.now() + leftMs
  for (;;) {
    const now = await conditionOf(engine, id, name)
    const mayStillStop = now !== undefined && now.isRunning && now.startedAt === startedAt
    if (!mayStillStop || performance.now() >= until) return now
    await sleep(LOOK_MS)
  }
}

/** @returns false when it was so already, or there is no such container */
async function done(
  engine: Asked,
  doing: string,
  question: Parameters<typeof engine.ask<unknown>>[1],
  patience?: Patience,
): Promise<boolean> {
  try {
    await engine.ask(doing, question, patience)
    return true
  } catch (error) {
    if (error instanceof DockerError && error.status === NOT_MODIFIED) return false
    throw error
  }
}
