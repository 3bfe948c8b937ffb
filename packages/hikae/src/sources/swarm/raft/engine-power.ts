import { openConfiguredEngine } from '../../../docker/open-configured-engine.ts'
import { setTimeout } from 'node:timers/promises'
import { DockerError } from '../../../docker/engine-error.ts'
import { runProgram } from '../../../process/program.ts'
import type { SourceContext } from '../../source-kind.ts'
import type { SwarmConfig } from '../config.ts'
import { type SwarmState, swarmStateOf } from '../manager/open-manager.ts'
import { SwarmApi } from '../manager/swarm-api.ts'
import type { StopRecord } from './stop-record.ts'

/** Managers elect a leader, and engines find their containers, in less. */
const PATIENCE_MS = 120_000
const STOP_MS = 60_000
const PAUSE_MS = 200

type Where = Pick<SwarmConfig, 'engine'>
type Within = Pick<SourceContext, 'folder' | 'env' | 'signal'>

/**
 * Stops the engine with the program that the stack file names, and makes sure that it has gone.
 *
 * @throws {ProgramFailedError} @throws {DockerError} it still answers
 */
export async function stopEngine(config: Where, stop: readonly string[], context: Within): Promise<void> {
  const { env, folder, signal } = context
  await runProgram(stop, { cwd: folder, env, signal })
  const deadline = performance.now() + STOP_MS
  while ((await stateOrSilence(config, context)) !== undefined) {
    if (performance.now() > deadline) {
      throw new DockerError(`the Docker Engine still answers after ${stop[0]} was to stop it`, {
        hint: 'see that `stop` also stops what starts the engine again, such as docker.socket',
      })
    }
    await setTimeout(PAUSE_MS, undefined, { signal })
  }
}

/** @throws {DockerError} the engine answers: what it works on cannot be vouched for */
export async function refuseRunning(config: Where, context: Within): Promise<void> {
  if ((await stateOrSilence(config, context)) === undefined) return
  throw new DockerError('the Docker Engine was started while the state of its swarm was copied', {
    hint: 'see that `stop` also stops what starts the engine again, such as docker.socket',
  })
}

/**
 * Starts the engine again, whatever the signal says, and waits until it manages its swarm.
 *
 * @throws {ProgramFailedError} @throws {DockerError} it does not come back
 */
export async function startEngine(
  config: Where,
  { start, unlock }: Pick<StopRecord, 'start' | 'unlock'>,
  { folder, env }: Within,
): Promise<void> {
  const within = { folder, env, signal: new AbortController().signal }
  await runProgram(start, { cwd: folder, env, signal: within.signal })
  const deadline = performance.now() + PATIENCE_MS
  let isUnlocking = false
  for (;;) {
    const state = await stateOrSilence(config, within)
    if (state?.ControlAvailable === true) return
    if (state?.LocalNodeState === 'locked' && unlock && !isUnlocking) {
      isUnlocking = true
      await runProgram(unlock, { cwd: folder, env, signal: within.signal })
    }
    if (performance.now() > deadline) throw notBack(state)
    await setTimeout(PAUSE_MS)
  }
}

/** Undefined when no engine answers. */
async function stateOrSilence(
  { engine: configured }: Where,
  { folder, env, signal }: Within,
): Promise<SwarmState | undefined> {
  try {
    await using engine = await openConfiguredEngine({ engine: configured }, { folder, env, signal })
    return await swarmStateOf(new SwarmApi(engine, signal))
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof DockerError) return undefined
    throw error
  }
}

function notBack(state: SwarmState | undefined): DockerError {
  const seen = state === undefined ? 'it does not answer' : `its swarm is ${state.LocalNodeState ?? 'unknown'}`
  return new DockerError(`the Docker Engine was started again and does not manage its swarm: ${seen}`, {
    hint:
      state?.LocalNodeState === 'locked'
        ? 'unlock it with `docker swarm unlock` and its unlock key'
        : 'see `journalctl -u docker` and `docker info`',
  })
}
