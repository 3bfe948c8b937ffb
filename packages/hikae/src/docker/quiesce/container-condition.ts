import { isNotFound } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'

/** Whoever can be asked; the signal may or may not matter. */
export type Asked = Pick<DockerEngine, 'address' | 'ask'>

/** What a container is doing at this moment. */
export interface ContainerCondition {
  readonly name: string
  /** Also while it is paused, or waits to be restarted. */
  readonly isRunning: boolean
  readonly isPaused: boolean
  /** Its process has ended, and Docker starts another one soon. */
  readonly isRestarting: boolean
  /** When its process began, as the engine says it. */
  readonly startedAt: string
  readonly exitCode: number
  /** The engine removes it when it ends. */
  readonly isRemovedAtEnd: boolean
  /** How long it may take to stop before it is killed. */
  readonly stopSeconds: number
}

const DEFAULT_STOP_SECONDS = 10
/** For one that is never killed: longer is not waited for. */
const LONGEST_STOP_SECONDS = 3600

/** @returns undefined when there is no such container @throws {DockerError} */
export async function conditionOf(engine: Asked, id: string, name: string): Promise<ContainerCondition | undefined> {
  try {
    const found = await engine.ask(`look at the container ${name}`, (api) => api.getContainer(id).inspect())
    const { StopTimeout: seconds = DEFAULT_STOP_SECONDS } = found.Config as { StopTimeout?: number }
    return {
      name: found.Name.replace(/^\//, ''),
      isRunning: found.State.Running,
      isPaused: found.State.Paused,
      isRestarting: found.State.Restarting,
      startedAt: found.State.StartedAt,
      exitCode: found.State.ExitCode,
      isRemovedAtEnd: found.HostConfig.AutoRemove === true,
      stopSeconds: seconds < 0 ? LONGEST_STOP_SECONDS : Math.min(seconds, LONGEST_STOP_SECONDS),
    }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Whether a container is as it was made: by `exec`, nobody can see that. */
export function isStill(
  now: ContainerCondition,
  { how, startedAt }: { readonly how: 'stop' | 'pause' | 'exec'; readonly startedAt: string },
): boolean {
  if (now.startedAt !== startedAt) return false
  return how === 'stop' ? !now.isRunning : how === 'pause' && now.isPaused
}
