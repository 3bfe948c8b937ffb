import type { ReadContext, RestorePlan } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import type { ComposeFacts } from './compose-facts.ts'
import type { ComposeConfig } from './config.ts'
import { type Part, partOf, pointOfPart } from './parts.ts'
import { type PartPlan, replaceWhileStopped, stepsWhileStopped } from './while-stopped.ts'

/** What is replaced while the project stands still: images first, which change nothing for containers that are there. */
const ORDER: readonly Part['name'][] = ['images', 'files', 'volumes']

/**
 * Where it was, under its name: the project's containers are stopped, each part is put in place by its kind, which keeps
 * what was there, and the same containers are started again and waited for.
 */
export async function planInPlace(
  config: ComposeConfig,
  point: SourcePoint,
  facts: ComposeFacts,
  context: ReadContext,
): Promise<RestorePlan> {
  const { name: project, folder } = facts.project
  const plans: PartPlan[] = []
  for (const part of ORDER) {
    if (facts.parts[part] === undefined) continue
    const { kind, config: own } = partOf(part, facts, config)
    plans.push({
      plan: await kind.planRestore(own, pointOfPart(point, part, facts), {}, context),
      ...(part !== 'images' && { kept: async (going) => (await kind.kept?.(own, going)) ?? [] }),
    })
  }
  const steps = plans.flatMap(({ plan }) => plan.steps)
  const otherwise = `leave it to you to start it: \`cd ${folder} && docker compose up -d\``
  return {
    steps: await stepsWhileStopped(config, project, { steps, otherwise }, context),
    apply: (signal) => replaceWhileStopped({ project, plans }, config, { ...context, signal }),
  }
}
