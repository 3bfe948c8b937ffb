import { projectOf } from '../../docker/compose/project.ts'
import { type ContainerSummary, isAlive, listContainers } from '../../docker/containers/container.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { holdContainers } from '../../docker/quiesce/hold.ts'
import { errorMessage, InputError } from '../../errors.ts'
import { waitForHealth } from '../../docker/containers/wait-for-health.ts'
import type { Finding } from '../finding.ts'
import type { KeptCopy, ReadContext, Restored, RestorePlan } from '../source-kind.ts'
import type { ComposeConfig } from './config.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { recordReplacement } from './replacements.ts'

/** Names of copies have no fractions of a second. */
const ROUNDING_MS = 1000

/** In whatever state: one that another run has stopped must not be started in the middle of this. */
async function containersOf(engine: DockerEngine, project: string): Promise<readonly ContainerSummary[]> {
  return (await listContainers(engine)).filter((container) => projectOf(container) === project)
}

/**
 * Steps of a plan, with what is done around them.
 *
 * @param otherwise the last step when nothing runs
 */
export async function stepsWhileStopped(
  config: ComposeConfig,
  project: string,
  { steps, otherwise }: { readonly steps: readonly string[]; readonly otherwise?: string },
  context: ReadContext,
): Promise<readonly string[]> {
  await using engine = await openConfiguredEngine(config, context)
  const names = (await containersOf(engine, project)).filter(isAlive).map(({ name }) => name)
  if (names.length === 0) return [...steps, ...(otherwise === undefined ? [] : [otherwise])]
  return [
    `stop ${names.join(', ')}`,
    ...steps,
    `start ${names.toReversed().join(', ')} again, and wait until they are well`,
  ]
}

/** What is done to a project that stands still, one plan after the other. */
export interface Replacement {
  readonly project: string
  readonly plans: readonly PartPlan[]
}

/** What is done to one part. */
export interface PartPlan {
  readonly plan: RestorePlan
  /** What restores of that part have kept; absent for parts that change nothing for containers. */
  readonly kept?: (context: ReadContext) => Promise<readonly KeptCopy[]>
}

/**
 * Replaces parts of a project while its containers are stopped; the same ones are started again, whatever happens, and
 * waited for. When a part cannot be replaced, those before it are put back first: containers never start with some of both.
 *
 * @throws {InputError} they are not well with what was put in place; what was there is kept
 */
export async function replaceWhileStopped(
  { project, plans }: Replacement,
  config: ComposeConfig,
  context: ReadContext,
): Promise<Restored> {
  const began = new Date()
  await using engine = await openConfiguredEngine(config, context)
  await using hold = await holdContainers(engine, await containersOf(engine, project), 'stop', context)
  const done: Restored[] = []
  try {
    for (const { plan } of plans) done.push(await plan.apply(context.signal))
  } catch (error) {
    await putBack(plans.slice(0, done.length), began, context, error)
    throw error
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

/** @throws {InputError} not all of it can be put back */
async function putBack(plans: readonly PartPlan[], began: Date, context: ReadContext, reason: unknown): Promise<void> {
  const { signal } = new AbortController()
  const going = { ...context, signal }
  try {
    for (const { kept } of plans.toReversed()) {
      const copies = (await kept?.(going)) ?? []
      const copy = copies.find(({ time }) => time.getTime() >= began.getTime() - ROUNDING_MS)
      if (copy) await (await copy.planUndo(going)).apply(signal)
    }
  } catch (error) {
    throw new InputError(
      `${errorMessage(reason)}; and what was replaced before could not be put back: ${errorMessage(error)}`,
      {
        hint: `stop the containers of the project, then put it back with \`hikae restore ${context.source} --undo\``,
        cause: reason,
      },
    )
  }
}
