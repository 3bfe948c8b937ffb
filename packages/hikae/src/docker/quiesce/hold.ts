import type { Finding } from '../../sources/finding.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import type { ContainerSummary } from '../containers/container.ts'
import type { DockerEngine } from '../engine.ts'
import { chooseContainers, refuseUnfit } from './choose-containers.ts'
import { containerLocks, tryLock } from './container-lock.ts'
import { type HoldRecord, lockOfRecord, newRecord } from './hold-record.ts'
import { methodOf } from './method.ts'
import { RunningHold } from './running-hold.ts'
import type { Quiesce } from './schema.ts'

/** Containers that hold still. Disposing of it lets them go on, as {@link Hold.release} does. */
export interface Hold extends AsyncDisposable {
  /** Names of those that hold still, also by another run; the others did not run. */
  readonly containers: readonly string[]
  /**
   * Lets them go on, in reverse order, also after the signal's abort. What cannot be undone stays written down, and the next
   * start tries again. A second call gets the same answer.
   */
  release(): Promise<Release>
  /** What has happened to them until now: what was read since they hold still may not be of one moment. */
  disturbances(): Promise<readonly Finding[]>
  /** Instead: they stay as they are, and nothing lets them go on any more, neither this nor the next start. */
  leave(): Promise<void>
}

/** How letting containers go on went. */
export interface Release {
  /** The longest that one of them was held. */
  readonly seconds: number
  /** The same for each, by name: what the users of it noticed. */
  readonly downtime: Readonly<Record<string, number>>
  /** Names of those that another run holds too, which lets them go on: nobody else is to start them, or to wait for them. */
  readonly leftToAnother: readonly string[]
  /** Whatever makes what was read in between less than promised, and containers that did not come back. */
  readonly findings: readonly Finding[]
}

const NOTHING: Hold = {
  containers: [],
  release: async () => ({ seconds: 0, downtime: {}, leftToAnother: [], findings: [] }),
  disturbances: async () => [],
  leave: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
}

/**
 * Makes containers hold still while something that they use is read. Only those that run are touched, and exactly these go
 * on afterwards. What is done is written down first, so that `releaseHeld` can undo it for a process that was killed.
 *
 * A container that another run has stopped is held by both, and goes on when both have let it go. One that another run
 * holds in another way (`pause` and `stop`, `exec` and anything) is waited for, an hour at most.
 *
 * @param containers all that may write, also those that do not run now: another run may have stopped them, and would start
 *   them in the middle of the reading
 * @throws {DockerError} one of them cannot be made to hold still, or must not; those that were are let go on first
 */
export async function holdContainers(
  engine: DockerEngine,
  containers: readonly ContainerSummary[],
  how: Quiesce,
  context: ReadContext,
): Promise<Hold> {
  if (how === 'none') return NOTHING
  const chosen = await chooseContainers(engine, containers, how, context.log)
  if (chosen.length === 0) return NOTHING
  await refuseUnfit(engine, chosen, how)
  const folder = await context.stateFolder()
  const { address, tls } = engine
  const record = newRecord({ engine: address, ...(tls && { tls }), source: context.source, ...afterOf(how) })
  const hold = new RunningHold({
    engine: engine.outlastingStops(),
    method: methodOf(how, context.log),
    how: typeof how === 'string' ? how : 'exec',
    record,
    folder,
    locks: containerLocks(context.env),
    // Nobody else knows of it yet.
    own: tryLock(folder, lockOfRecord(record.id))!,
    log: context.log,
    signal: context.signal,
    ...(context.heldWith === undefined ? {} : { heldWith: context.heldWith }),
  })
  try {
    for (const container of chosen) {
      await hold.add(container)
      context.signal.throwIfAborted()
    }
    return hold
  } catch (error) {
    await hold[Symbol.asyncDispose]()
    throw error
  }
}

function afterOf(how: Exclude<Quiesce, 'none'>): Pick<HoldRecord, 'after'> {
  return typeof how === 'string' ? {} : { after: { program: how.exec.after, timeoutMs: how.exec.timeout } }
}
