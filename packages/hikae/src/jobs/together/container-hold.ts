import { type ContainerSummary, findContainer } from '../../docker/containers/container.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { conditionOf } from '../../docker/quiesce/container-condition.ts'
import { type Hold, holdContainers } from '../../docker/quiesce/hold.ts'
import { errorMessage } from '../../errors.ts'
import type { Finding } from '../../sources/finding.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import type { ContainersToHold } from './hold-schema.ts'
import type { JobHold, JobRelease } from './job-hold.ts'

/** Stops and pauses containers; what is done is written down first, so that the next start undoes it for a killed run. */
export async function holdContainersOfJob(config: ContainersToHold, context: ReadContext): Promise<JobHold> {
  await using owned = new AsyncDisposableStack()
  const engine = owned.use(await openConfiguredEngine(withoutAbsent(config), context))
  const found = (names: readonly string[]): Promise<ContainerSummary[]> =>
    Promise.all(names.map((name) => findContainer(engine, name)))
  // All have to be there before the first is touched.
  const [toStop, toPause] = [await found(config.stop), await found(config.pause)]
  const holds: Hold[] = []
  for (const [how, containers] of [['stop', toStop] as const, ['pause', toPause] as const]) {
    if (containers.length > 0) holds.push(owned.use(await holdContainers(engine, containers, how, context)))
  }
  const held = new Set(holds.flatMap((hold) => hold.containers))
  const idle = [...toStop, ...toPause].filter(({ name }) => !held.has(name))
  for (const { name } of idle) context.log(`the container ${name} does not run, or is not touched`)
  const startedAt = new Map<string, string | undefined>()
  for (const { id, name } of idle) startedAt.set(id, (await conditionOf(engine, id, name))?.startedAt)
  const lasting = engine.outlastingStops()
  let released: Promise<JobRelease> | undefined
  const kept = owned.move()
  return {
    disturbances: async () => [
      ...(await Promise.all(holds.map((hold) => disturbancesOf(hold)))).flat(),
      ...(await startedSince(lasting, idle, startedAt)),
    ],
    release: () => (released ??= release(holds, () => startedSince(lasting, idle, startedAt))),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function release(holds: readonly Hold[], last: () => Promise<readonly Finding[]>): Promise<JobRelease> {
  const findings = [...(await last())]
  let seconds = 0
  for (const hold of holds.toReversed()) {
    const done = await hold.release()
    seconds = Math.max(seconds, done.seconds)
    findings.push(...done.findings)
  }
  return { seconds, findings }
}

async function disturbancesOf(hold: Hold): Promise<readonly Finding[]> {
  try {
    return await hold.disturbances()
  } catch (error) {
    return [unknown(error)]
  }
}

/** Those that did not run when the others were held, and that somebody has started in the middle of the reading. */
async function startedSince(
  engine: DockerEngine,
  idle: readonly ContainerSummary[],
  before: ReadonlyMap<string, string | undefined>,
): Promise<readonly Finding[]> {
  try {
    const findings: Finding[] = []
    for (const { id, name } of idle) {
      const now = await conditionOf(engine, id, name)
      if (now === undefined || now.startedAt === before.get(id)) continue
      findings.push({
        severity: 'error',
        message: `the container ${name} was started by something else while the others were held: what was read meanwhile may not be of one moment`,
        hint: 'find out from `docker events` or the log of the engine what started it, and run the job again',
      })
    }
    return findings
  } catch (error) {
    return [unknown(error)]
  }
}

function unknown(error: unknown): Finding {
  return {
    severity: 'error',
    message: `whether the containers still hold still is not known: ${errorMessage(error)}`,
    hint: 'see that the Docker Engine runs, and run the job again',
  }
}

function withoutAbsent({ engine }: ContainersToHold): Parameters<typeof openConfiguredEngine>[0] {
  return engine === undefined ? {} : { engine }
}
