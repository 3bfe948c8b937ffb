import { DockerError } from '../engine-error.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import type { ContainerSummary } from '../containers/container.ts'
import type { DockerEngine } from '../engine.ts'
import { chooseContainers, chooseRunning } from './choose-containers.ts'
import { containerLocks, takeLock, tryLock } from './container-lock.ts'
import type { Hold } from './hold.ts'
import { type HoldRecord, lockOfRecord, newRecord } from './hold-record.ts'
import { methodOf } from './method.ts'
import { RunningHold } from './running-hold.ts'
import type { Quiesce } from './schema.ts'

/** A run that holds a container longer than this will not soon be over. */
const LONGEST_WAIT_MS = 60 * 60_000

const NOTHING: Hold = {
  containers: [],
  release: async () => ({ seconds: 0, downtime: {}, findings: [] }),
  [Symbol.asyncDispose]: async () => undefined,
}

/** @throws {DockerError} see `holdContainers` */
export async function beginHold(
  engine: DockerEngine,
  containers: readonly ContainerSummary[],
  how: Quiesce,
  context: ReadContext,
): Promise<Hold> {
  if (how === 'none') return NOTHING
  const chosen = await chooseContainers(engine, containers, how, context.log)
  if (chosen.length === 0) return NOTHING
  const folder = await context.stateFolder()
  const record = newRecord({ engine: engine.address, source: context.source, ...written(how) })
  using locks = new DisposableStack()
  // Nobody else knows of it yet.
  locks.use(tryLock(folder, lockOfRecord(record.id))!)
  for (const container of chosen.toSorted(byId)) locks.use(await waitForLock(container, context))
  const running = await chooseRunning(engine, chosen, how, context.log)
  if (running.length === 0) return NOTHING
  context.signal.throwIfAborted()
  const method = methodOf(how, context.log)
  const hold = new RunningHold(
    { engine: engine.outlastingStops(), method, record, folder, log: context.log },
    locks.move(),
  )
  try {
    for (const { id, name, startedAt, stopSeconds } of running) {
      await hold.add({ id, name, startedAt, stopSeconds })
      context.signal.throwIfAborted()
    }
    return hold
  } catch (error) {
    await hold[Symbol.asyncDispose]()
    throw error
  }
}

function written(how: Exclude<Quiesce, 'none'>): Pick<HoldRecord, 'how' | 'after'> {
  if (typeof how === 'string') return { how }
  return { how: 'exec', after: { program: how.exec.after, timeoutMs: how.exec.timeout } }
}

function byId(one: ContainerSummary, other: ContainerSummary): number {
  return one.id < other.id ? -1 : 1
}

/** In the order of their ids, always: two that wait for each other would wait for ever. */
async function waitForLock({ id, name }: ContainerSummary, { env, signal, log }: ReadContext): Promise<Disposable> {
  const until = performance.now() + LONGEST_WAIT_MS
  let isTold = false
  return await takeLock(containerLocks(env), id, {
    signal,
    onBusy() {
      if (!isTold) log(`waiting for the container ${name}, which another run of Hikae holds still`)
      isTold = true
      if (performance.now() < until) return
      throw new DockerError(`another run of Hikae has held the container ${name} still for an hour`, {
        hint: 'see with `hikae status` what runs; give jobs that stop the same container times that are further apart',
      })
    },
  })
}
