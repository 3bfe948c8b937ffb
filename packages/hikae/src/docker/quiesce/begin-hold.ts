import type { ReadContext } from '../../sources/source-kind.ts'
import type { ContainerSummary } from '../containers/container.ts'
import type { DockerEngine } from '../engine.ts'
import { chooseContainers, refuseUnfit } from './choose-containers.ts'
import { containerLocks, tryLock } from './container-lock.ts'
import type { Hold } from './hold.ts'
import { type HoldRecord, lockOfRecord, newRecord } from './hold-record.ts'
import { methodOf } from './method.ts'
import { RunningHold } from './running-hold.ts'
import type { Quiesce } from './schema.ts'

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
  await refuseUnfit(engine, chosen, how)
  const folder = await context.stateFolder()
  const record = newRecord({ engine: engine.address, source: context.source, ...afterOf(how) })
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
