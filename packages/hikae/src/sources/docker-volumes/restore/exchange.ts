import type { DockerEngine } from '../../../docker/engine.ts'
import { errorMessage, InputError, isKnownError, ProgramError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import type { Volume } from '../volume.ts'
import type { FreshVolume } from './build-volume.ts'
import { stopUsers } from './hold-users.ts'
import { NotFilledError } from './not-filled.ts'
import { replaceContent } from './replace-content.ts'
import { type SwappedVolume, swapVolume } from './swap-volume.ts'
import { waitForHealth } from './wait-for-health.ts'

/** What was put in place stays there, and what was there before is kept. */
class NotUndoneError extends ProgramError {
  override readonly name = 'NotUndoneError'
  readonly code = 'NOT_UNDONE'
}

/** A volume, and another whose content takes its place. */
export interface Exchange {
  readonly live: Volume
  readonly fresh: Pick<FreshVolume, 'volume' | 'way' | 'leave'>
}

export interface Exchanged {
  /** Names of the volumes that keep what was there. */
  readonly kept: readonly string[]
  readonly findings: readonly Finding[]
}

/**
 * Stops what runs with the volumes, exchanges their contents, starts what was stopped and waits until it is well. When
 * anything of that fails, all of them have again what they had.
 *
 * @throws {InputError} it was undone, or could not be, as the message says
 */
export async function exchange(
  engine: DockerEngine,
  exchanges: readonly Exchange[],
  time: Date,
  context: ReadContext,
): Promise<Exchanged> {
  const volumes = exchanges.map(({ live }) => live)
  await using hold = await stopUsers(engine, volumes, context)
  const swapped: SwappedVolume[] = []
  try {
    for (const { live, fresh } of exchanges) {
      context.signal.throwIfAborted()
      swapped.push(
        fresh.way === 'direct'
          ? await swapVolume(engine, live, fresh.volume, time, context)
          : await replaceContent(engine, live, fresh, time, context),
      )
    }
  } catch (error) {
    await undoAll(swapped, error)
    throw error
  }
  const { findings, leftToAnother } = await hold.release()
  const started = hold.containers.filter((name) => !leftToAnother.includes(name))
  try {
    refuseUnwell(findings)
    await waitForHealth(engine, started, context.signal)
  } catch (error) {
    try {
      await undoWhileStopped(engine.outlastingStops(), volumes, swapped, error, context)
      await startEnded(engine.outlastingStops(), started)
    } catch (again) {
      throw notUndone(error, again, swapped)
    }
    throw undone(error)
  }
  return { kept: swapped.map(({ kept }) => kept.name), findings }
}

function refuseUnwell(findings: readonly Finding[]): void {
  const error = findings.find(({ severity }) => severity === 'error')
  if (error) throw new InputError(error.message, error.hint === undefined ? {} : { hint: error.hint })
}

/** Also when the signal has stopped the waiting: what is in place was not found to be well. */
async function undoWhileStopped(
  engine: DockerEngine,
  volumes: readonly Volume[],
  swapped: readonly SwappedVolume[],
  cause: unknown,
  context: ReadContext,
): Promise<void> {
  const outlasting = { ...context, signal: new AbortController().signal }
  await using hold = await stopUsers(engine, volumes, outlasting)
  await undoAll(swapped, cause)
  await hold.release()
}

/** Those that ended with what was restored were not stopped for the undo, and so are not started after it. */
async function startEnded(engine: DockerEngine, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { State: state } = await engine.ask(`look at the container ${name}`, (api) =>
      api.getContainer(name).inspect(),
    )
    if (!state.Running) await engine.ask(`start the container ${name}`, (api) => api.getContainer(name).start())
  }
}

async function undoAll(swapped: readonly SwappedVolume[], cause: unknown): Promise<void> {
  for (const [at, each] of swapped.toReversed().entries()) {
    try {
      await each.undo()
    } catch (error) {
      throw notUndone(cause, error, swapped.slice(0, swapped.length - at))
    }
  }
}

function notUndone(cause: unknown, error: unknown, swapped: readonly SwappedVolume[]): unknown {
  if (error instanceof NotUndoneError) return error
  const names = swapped.map(({ live, kept }) => `of ${live.name} in ${kept.name}`).join(', ')
  const next = error instanceof NotFilledError ? error.hint : undefined
  return new NotUndoneError(`${errorMessage(cause)}; and it could not be undone: ${errorMessage(error)}`, {
    hint: `what was there before is whole: ${names}; ${next ?? 'put it back with `hikae restore SOURCE --undo` when the cause is gone'}`,
    cause: error,
  })
}

function undone(error: unknown): unknown {
  if (!isKnownError(error)) return error
  return new InputError(`${error.message}; what was there before is in place again, and runs`, {
    hint: error.hint ?? 'look at the log of the containers',
    cause: error,
  })
}
