import { waitForHealth } from '../../../docker/containers/wait-for-health.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { errorMessage, InputError, isKnownError, ProgramError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import { removeVolume, type Volume } from '../volume.ts'
import type { FreshVolume } from './build-volume.ts'
import { type ExchangeRecord, recordExchange } from './exchange-record.ts'
import { stopUsers } from './hold-users.ts'
import { type MadeVolume, unmake } from './made-volume.ts'
import { NotFilledError } from './not-filled.ts'
import { prepareReplacing } from './replace-content.ts'
import { startEnded } from './start-ended.ts'
import { type PreparedSwap, prepareSwap, type SwappedVolume } from './swap-volume.ts'

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
  made: readonly MadeVolume[] = [],
): Promise<Exchanged> {
  const volumes = exchanges.map(({ live }) => live)
  await using hold = await stopUsers(engine, volumes, context)
  const swapped = await exchangeAll(engine, { exchanges, made }, time, context)
  const { findings, leftToAnother } = await hold.release()
  const started = hold.containers.filter((name) => !leftToAnother.includes(name))
  try {
    refuseUnwell(findings)
    await waitForHealth(engine, started, context.signal)
  } catch (error) {
    try {
      await undoWhileStopped(engine, volumes, swapped, { cause: error, context, made, start: started })
    } catch (again) {
      for (const { fresh } of exchanges) fresh.leave()
      throw notUndone(error, again, swapped)
    }
    throw undone(error)
  }
  return { kept: swapped.map(({ kept }) => kept.name), findings }
}

/**
 * Exchanges the contents of all of them, or of none, also when the process is killed on the way: what is done is written
 * down as a whole first.
 */
async function exchangeAll(
  engine: DockerEngine,
  { exchanges, made }: Pick<Interrupted, 'exchanges' | 'made'>,
  time: Date,
  context: ReadContext,
): Promise<readonly SwappedVolume[]> {
  if (exchanges.length + made.length === 0) return []
  const prepared = await prepareAll(engine, exchanges, time, context)
  const swapped: SwappedVolume[] = []
  let record: ExchangeRecord | undefined
  try {
    const steps = prepared.map(({ step }) => step)
    record = await recordExchange(engine, { towards: 'new', steps, made: [...made] }, context)
    for (const each of prepared) {
      context.signal.throwIfAborted()
      swapped.push(await each.replace())
    }
    for (const { mark } of made) await removeVolume(engine.outlastingStops(), mark)
  } catch (error) {
    // A volume that is not there has to become the new one, and the others with it: the next start does that.
    const isHalfDone = error instanceof NotFilledError
    if (isHalfDone) for (const { fresh } of exchanges) fresh.leave()
    else await takeBack(engine, { exchanges, made, prepared, swapped, record }, { cause: error, context })
    throw error
  }
  await record.remove()
  return swapped
}

/** Makes places for what is in the volumes now. */
async function prepareAll(
  engine: DockerEngine,
  exchanges: readonly Exchange[],
  time: Date,
  context: ReadContext,
): Promise<readonly PreparedSwap[]> {
  const prepared: PreparedSwap[] = []
  try {
    for (const { live, fresh } of exchanges) {
      context.signal.throwIfAborted()
      const prepare = fresh.way === 'direct' ? prepareSwap : prepareReplacing
      prepared.push(await prepare(engine, live, fresh.volume, time, context))
    }
    return prepared
  } catch (error) {
    await dropAll(prepared, context)
    throw error
  }
}

interface Interrupted {
  readonly exchanges: readonly Exchange[]
  readonly made: readonly MadeVolume[]
  readonly prepared: readonly PreparedSwap[]
  readonly swapped: readonly SwappedVolume[]
  readonly record: ExchangeRecord | undefined
}

interface Undoing {
  readonly cause: unknown
  readonly context: ReadContext
  /** Volumes that go again, since they were not there before. */
  readonly made: readonly MadeVolume[]
  /** What says that they get the new. */
  readonly insteadOf?: ExchangeRecord
  /** Names of containers that are to run when all is as it was. */
  readonly start?: readonly string[]
}

async function takeBack(
  engine: DockerEngine,
  { exchanges, made, prepared, swapped, record }: Interrupted,
  { cause, context }: Pick<Undoing, 'cause' | 'context'>,
): Promise<void> {
  try {
    const undo = await undoTogether(engine, swapped, { cause, context, made, ...(record && { insteadOf: record }) })
    await undo?.remove()
  } catch (error) {
    for (const { fresh } of exchanges) fresh.leave()
    throw error
  }
  await dropAll(prepared.slice(swapped.length), context)
}

/** What stays is removed by the next start: why it has to be is worth more words. */
async function dropAll(prepared: readonly PreparedSwap[], { log }: ReadContext): Promise<void> {
  for (const each of prepared) {
    try {
      await each.drop()
    } catch (error) {
      log(`the volume ${each.step.to}, which this restore has made, is left: ${errorMessage(error)}`)
    }
  }
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
  undoing: Undoing,
): Promise<void> {
  const lasting = engine.outlastingStops()
  const context = { ...undoing.context, signal: new AbortController().signal }
  await using hold = await stopUsers(lasting, volumes, context)
  const record = await undoTogether(lasting, swapped, { ...undoing, context })
  await hold.release()
  await startEnded(lasting, undoing.start ?? [])
  await record?.remove()
}

/**
 * Puts back what was in several volumes, also when the process is killed between them.
 *
 * @returns what says so, to be removed when all is done
 * @throws {NotUndoneError}
 */
async function undoTogether(
  engine: DockerEngine,
  swapped: readonly SwappedVolume[],
  undoing: Undoing,
): Promise<ExchangeRecord | undefined> {
  const lasting = engine.outlastingStops()
  const { cause, insteadOf, made } = undoing
  const record = swapped.length + made.length > 0 ? await recordUndo(lasting, swapped, undoing) : undefined
  await insteadOf?.remove()
  await undoAll(swapped, cause)
  for (const each of made) await unmake(lasting, each)
  return record
}

/** An engine that is gone keeps nobody from putting back what needs none. */
async function recordUndo(
  engine: DockerEngine,
  swapped: readonly SwappedVolume[],
  { context, insteadOf, made, start = [] }: Undoing,
): Promise<ExchangeRecord | undefined> {
  const steps = swapped.map(({ back }) => back)
  try {
    const instead = insteadOf && { insteadOf: insteadOf.name }
    return await recordExchange(
      engine,
      { towards: 'old', steps, made: [...made], start: [...start], ...instead },
      context,
    )
  } catch (error) {
    if (!(error instanceof DockerError)) throw error
    context.log(`that the restore is taken back is not written down: ${error.message}`)
    return undefined
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
