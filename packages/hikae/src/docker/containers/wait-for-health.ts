import { setTimeout as pause } from 'node:timers/promises'
import type Docker from 'dockerode'
import type { DockerEngine } from '../engine.ts'
import { InputError } from '../../errors.ts'

const LOOK_MS = 200
/** How long a container without a health check has to run. */
const STEADY_MS = 3_000
/** How long a health check may take to be content. */
const HEALTH_MS = 180_000

/**
 * Waits until containers that were just started are well: healthy where they have a health check, else running for some
 * seconds. One that ends by itself without an error is well, too.
 *
 * @param names none of which is a secret
 * @throws {InputError} one of them is not
 */
export async function waitForHealth(
  engine: DockerEngine,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const name of names) await waitForOne(engine, name, signal)
}

type State = Docker.ContainerInspectInfo['State']

async function waitForOne(engine: DockerEngine, name: string, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  let first: string | undefined
  for (;;) {
    const { State: state } = await engine.ask(`look at the container ${name}`, (api) =>
      api.getContainer(name).inspect(),
    )
    first ??= state.StartedAt
    const passedMs = performance.now() - began
    if (isWell(state, passedMs)) return
    const trouble = troubleOf(state, first, passedMs)
    if (trouble !== undefined) {
      throw new InputError(`the container ${name} ${trouble}`, {
        hint: `look at \`docker logs ${name}\``,
      })
    }
    await pause(LOOK_MS, undefined, { signal })
  }
}

function isWell(state: State, passedMs: number): boolean {
  if (hasCheck(state)) return state.Running && state.Health!.Status === 'healthy'
  if (!state.Running && !state.Restarting) return state.ExitCode === 0
  return passedMs >= STEADY_MS
}

function troubleOf(state: State, startedAt: string, passedMs: number): string | undefined {
  if (state.Restarting || state.StartedAt !== startedAt) return `ends again and again (exit code ${state.ExitCode})`
  if (!state.Running) return `has ended (exit code ${state.ExitCode})`
  if (!hasCheck(state)) return undefined
  if (state.Health!.Status === 'unhealthy') return 'is unhealthy'
  return passedMs > HEALTH_MS ? `is not healthy after ${HEALTH_MS / 60_000} minutes` : undefined
}

function hasCheck({ Health: health }: State): boolean {
  return health !== undefined && health.Status !== 'none' && health.Status !== ''
}
