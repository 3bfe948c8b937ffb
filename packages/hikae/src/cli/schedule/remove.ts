import { UsageError } from '../../errors.ts'
import { applyPlan } from '../../schedules/install/apply-plan.ts'
import { changesNothing, findInstalled, planRemove } from '../../schedules/install/install-plan.ts'
import { readOwnership } from '../../schedules/install/ownership.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { openScheduledStack } from './jobs-of-stack.ts'
import { placesBelow } from './places-below.ts'
import { printPlan } from './plan-view.ts'

export interface RemoveOptions {
  readonly stack: string | undefined
  readonly root: string | undefined
  readonly dryRun: boolean
}

/** Takes the schedules of a stack off this machine, whatever kind they are. */
export async function removeSchedules(
  { stack, root, dryRun }: RemoveOptions,
  globals: Pick<GlobalValues, 'config'>,
  { env, out, signal }: CommandContext,
): Promise<ExitCode> {
  const places = placesBelow(root)
  const opened = stack === undefined ? await openScheduledStack(globals, env) : undefined
  const name = stack ?? opened!.name
  for (const { path, content } of opened ? await findInstalled(name, places) : []) {
    const other = readOwnership(content)!.config
    if (other === opened!.config) continue
    throw new UsageError(`${path} runs the stack ${name} of ${other}, and this is the one of ${opened!.config}`, {
      hint: `to remove it all the same: hikae schedule remove --stack ${name}; nothing was done`,
    })
  }
  const plan = await planRemove(name, places)
  printPlan(plan, out)
  if (changesNothing(plan)) out.note(`Nothing is installed for the stack ${name}.`)
  else if (dryRun) out.note('Nothing was done.')
  if (dryRun) return EXIT.succeeded
  const { notes } = await applyPlan(plan, { places, signal })
  for (const note of notes) out.warn(note)
  return EXIT.succeeded
}
