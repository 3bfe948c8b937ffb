import type { KeptCopy, ReadContext, RestorePlan } from '../source-kind.ts'
import type { ComposeConfig } from './config.ts'
import { lookAtProject } from './look-at-project.ts'
import { partsToRead } from './parts.ts'
import { readReplacements, type ReplacementTimes } from './replacements.ts'
import { replaceWhileStopped, stepsWhileStopped } from './while-stopped.ts'

/** Names of copies have no fractions of a second. */
const ROUNDING_MS = 1000

/** What restores in place have kept: all parts of one restore are one copy, which comes back as a whole. */
export async function keptOfProject(config: ComposeConfig, context: ReadContext): Promise<readonly KeptCopy[]> {
  const { project, parts } = await lookAtProject(config, context)
  const copies: KeptCopy[] = []
  for (const { kind, config: own } of partsToRead(parts, config)) {
    copies.push(...((await kind.kept?.(own, context)) ?? []))
  }
  const times = await readReplacements(context)
  return together(copies, times).map((group) => asOne(group, project.name, config))
}

/** Newest first. */
function together(copies: readonly KeptCopy[], times: readonly ReplacementTimes[]): readonly (readonly KeptCopy[])[] {
  const groups = Map.groupBy(copies, (copy) => {
    const at = times.findIndex(({ began, ended }) => isDuring(copy.time.getTime(), began.getTime(), ended.getTime()))
    return at === -1 ? copy : times[at]!
  })
  return [...groups.values()].toSorted(([one], [other]) => other!.time.getTime() - one!.time.getTime())
}

function isDuring(time: number, began: number, ended: number): boolean {
  return time >= began - ROUNDING_MS && time <= ended + ROUNDING_MS
}

function asOne(copies: readonly KeptCopy[], project: string, config: ComposeConfig): KeptCopy {
  const [first] = copies
  return {
    time: first!.time,
    place: copies.map(({ place }) => place).join(', '),
    async planUndo(context) {
      const plans: RestorePlan[] = []
      for (const copy of copies) plans.push(await copy.planUndo(context))
      const steps = plans.flatMap((plan) => plan.steps)
      return {
        steps: await stepsWhileStopped(config, project, { steps }, context),
        apply: (signal) =>
          replaceWhileStopped({ project, plans: plans.map((plan) => ({ plan })) }, config, { ...context, signal }),
      }
    },
    async size(signal) {
      const sizes = await Promise.all(copies.map(async (copy) => (await copy.size?.(signal)) ?? 0))
      return sizes.reduce((sum, size) => sum + size, 0)
    },
    async remove(context) {
      for (const copy of copies) await copy.remove(context)
    },
  }
}
