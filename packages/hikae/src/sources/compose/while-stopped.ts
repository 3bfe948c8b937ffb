import { projectOf } from '../../docker/compose/project.ts'
import { type ContainerSummary, isAlive, listContainers } from '../../docker/containers/container.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { holdContainers } from '../../docker/quiesce/hold.ts'
import { errorMessage, InputError } from '../../errors.ts'
import { waitForHealth } from '../docker-volumes/restore/wait-for-health.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext, Restored, RestorePlan } from '../source-kind.ts'
import type { ComposeConfig } from './config.ts'
import { engineOf } from './open-compose.ts'
import { recordReplacement } from './replacements.ts'

/** Containers of a project that run now. */
export async function runningOf(engine: DockerEngine, project: string): Promise<readonly ContainerSummary[]> {
  return (await containersOf(engine, project)).filter(isAlive)
}

/** In whatever state: one that another run has stopped must not be started in the middle of this. */
async function containersOf(engine: DockerEngine, project: string): Promise<readonly ContainerSummary[]> {
  return (await listContainers(engine)).filter((container) => projectOf(container) === project)
}

/** What is done to a project that stands still, one plan after the other. */
export interface Replacement {
  readonly project: string
  readonly plans: readonly RestorePlan[]
}

/**
 * Replaces parts of a project while its containers are stopped; the same ones are started again, whatever happens, and
 * waited for.
 *
 * @throws {InputError} they are not well with what was put in place; what was there is kept
 */
export async function replaceWhileStopped(
  { project, plans }: Replacement,
  config: ComposeConfig,
  context: ReadContext,
): Promise<Restored> {
  const began = new Date()
  await using engine = await engineOf(config, context)
  await using hold = await holdContainers(engine, await containersOf(engine, project), 'stop', context)
  const done: Restored[] = []
  try {
    for (const plan of plans) done.push(await plan.apply(context.signal))
  } finally {
    await recordReplacement({ began, ended: new Date() }, context)
  }
  const findings: Finding[] = done.flatMap((each) => each.findings)
  const released = await hold.release()
  findings.push(...released.findings)
  const started = hold.containers.filter((name) => !released.leftToAnother.includes(name))
  try {
    await waitForHealth(engine, started, context.signal)
  } catch (error) {
    context.signal.throwIfAborted()
    throw new InputError(errorMessage(error), {
      hint: `look at its log; what was there before is kept: \`hikae restore ${context.source} --undo\` puts it back`,
      cause: error,
    })
  }
  const kept = done.flatMap((each) => each.kept ?? [])
  return {
    place: `the project ${project}: ${done.map(({ place }) => place).join('; ')}`,
    ...(kept.length > 0 ? { kept: kept.join(', ') } : {}),
    findings,
  }
}
