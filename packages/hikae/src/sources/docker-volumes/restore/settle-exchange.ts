import { isAlive } from '../../../docker/containers/container.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { isMadeByEnded } from '../../../docker/made-by.ts'
import { containerLocks, takeLock } from '../../../docker/quiesce/container-lock.ts'
import { errorMessage, InputError, isKnownError, systemCode } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { SourceContext } from '../../source-kind.ts'
import { findVolume, listVolumes, removeVolume, type Volume } from '../volume.ts'
import { type ExchangeStep, exchangeOf, type RecordedExchange } from './exchange-record.ts'
import { allUsers, namesOf } from './hold-users.ts'
import { unmake } from './made-volume.ts'
import { finishReplacing, markOf } from './replace-content.ts'
import { finished, putBack, stuck, stuckTogether } from './settle-findings.ts'
import { startEnded } from './start-ended.ts'
import { hasContent, isEmptyContent, moveContent, syncContents } from './volume-content.ts'
import { LABELS } from './volume-labels.ts'

type Context = Pick<SourceContext, 'env' | 'signal'>

/** What became of exchanges that were written down. */
export interface SettledExchanges {
  readonly findings: readonly Finding[]
  /** Names of volumes that are part of one that is not over: nobody else is to touch them. */
  readonly pending: ReadonlySet<string>
}

/**
 * Ends exchanges of several volumes whose process was killed, so that all of them have what was restored, or all what they had
 * before: an exchange that was begun is finished, one that was not is forgotten, and one that was being taken back is taken
 * back to its end.
 */
export async function settleExchanges(engine: DockerEngine, context: Context): Promise<SettledExchanges> {
  const findings: Finding[] = []
  const records = (await listVolumes(engine)).filter(({ labels }) => labels[LABELS.exchange] !== undefined)
  const replaced = new Set(records.map((record) => exchangeOf(record)?.insteadOf))
  for (const record of records) {
    if (!isMadeByEnded(record.labels[LABELS.by] ?? '')) continue
    const exchange = exchangeOf(record)
    try {
      if (replaced.has(record.name)) await removeVolume(engine, record.name)
      else if (exchange) findings.push(...(await settleOne(engine, record, exchange, context)))
      else findings.push(stuck(record.name, `what its label ${LABELS.exchange} says makes no sense`))
    } catch (error) {
      context.signal.throwIfAborted()
      if (!isKnownError(error) && systemCode(error) === undefined) throw error
      findings.push(stuckTogether(exchange ? namesIn(exchange) : [record.name], record.name, errorMessage(error)))
    }
  }
  return { findings, pending: pendingIn(await listVolumes(engine)) }
}

function namesIn({ steps, made }: RecordedExchange): string[] {
  return [...steps.map(({ spec }) => spec.name), ...made.map(({ name }) => name)]
}

function pendingIn(volumes: readonly Volume[]): ReadonlySet<string> {
  const exchanges = volumes.flatMap((volume) => exchangeOf(volume) ?? [])
  return new Set([
    ...exchanges.flatMap(({ steps }) => steps).flatMap(({ spec, from, to }) => [spec.name, from, to]),
    ...exchanges.flatMap(({ made }) => made).flatMap(({ name, mark }) => [name, mark]),
  ])
}

async function settleOne(
  engine: DockerEngine,
  record: Volume,
  exchange: RecordedExchange,
  { env, signal }: Context,
): Promise<Finding[]> {
  const { towards, steps, made } = exchange
  if (towards === 'new' && !(await isBegun(engine, exchange))) {
    await removeVolume(engine, record.name)
    return []
  }
  for (const step of steps) {
    if (step.way === 'direct') await finishDirectly(engine, step, { env, signal })
    else await finishReplacing(engine, step, signal)
  }
  const names = namesIn(exchange)
  const others = steps.map(({ to }) => to)
  if (towards === 'old') {
    for (const name of others) await removeBuilt(engine, name)
    for (const each of made) await unmake(engine, each)
    await startEnded(engine, exchange.start)
  } else for (const { mark } of made) await removeVolume(engine, mark)
  await removeVolume(engine, record.name)
  return [towards === 'old' ? putBack(names) : finished(names, others)]
}

/** Not what was kept before, of which an undo was taken back. */
async function removeBuilt(engine: DockerEngine, name: string): Promise<void> {
  const volume = await findVolume(engine, name)
  if (volume?.labels[LABELS.fresh] !== undefined) await removeVolume(engine, name)
}

/** Whether any of the volumes has another content already, or none; or counts as filled. */
async function isBegun(engine: DockerEngine, { steps, made }: RecordedExchange): Promise<boolean> {
  for (const { mark } of made) if (!(await findVolume(engine, mark))) return true
  for (const { way, spec, from } of steps) {
    const source = await findVolume(engine, from)
    if (!source) return true
    if (way === 'archive' && (await markOf(engine, spec.name, from))) return true
    if (way === 'archive') continue
    const live = await findVolume(engine, spec.name)
    if (!(await hasContent(source)) || !live || !(await hasContent(live))) return true
  }
  return false
}

/** @throws {InputError} somebody runs with the volume, or something else has come there since */
async function finishDirectly(engine: DockerEngine, step: ExchangeStep, { env, signal }: Context): Promise<void> {
  const { spec, from, to } = step
  const source = await findVolume(engine, from)
  if (!source) return
  if (await hasContent(source)) {
    const [live, target] = [await findVolume(engine, spec.name), await findVolume(engine, to)]
    if (!live || !target) {
      throw new InputError(`the volume ${live ? to : spec.name} is gone, and ${from} has what belongs there`)
    }
    await using locks = new AsyncDisposableStack()
    const users = await allUsers(engine, [live])
    // Another run that lets a container go on asks for the lock first.
    for (const { id } of users) {
      locks.use(await takeLock(containerLocks(env), id, { signal, onBusy: () => undefined }))
    }
    const running = (await allUsers(engine, [live])).filter(isAlive)
    if (running.length > 0) {
      throw new InputError(`${namesOf(running)} runs with ${spec.name}: stop it first`)
    }
    await exchangeContents({ live, source, target })
  }
  await removeVolume(engine, from)
}

interface Contents {
  readonly live: Volume
  readonly source: Volume
  readonly target: Volume
}

async function exchangeContents({ live, source, target }: Contents): Promise<void> {
  if (await hasContent(live)) {
    if ((await hasContent(target)) && !(await isEmptyContent(target))) {
      throw new InputError(
        `something else has come into ${live.name} since: what was there is in ${target.name}, what belongs there in ${source.name}`,
      )
    }
    await moveContent(live, target)
  }
  await moveContent(source, live)
  await syncContents(live, source, target)
}
