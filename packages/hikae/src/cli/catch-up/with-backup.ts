import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { bringLevel, planFor, promise } from './bring-level.ts'
import type { Member } from './member.ts'
import { outcomeOf, printLevel, printOlder } from './report.ts'

/**
 * Before a backup stores anything: writes down what each repository has missed, which after the new snapshot could not be
 * told from what retention removed.
 */
export async function promiseCatchUp(members: readonly Member[], context: CommandContext): Promise<void> {
  for (const target of members) await promise(planFor(target, members, { withOlder: false }), context)
}

/**
 * After a backup: brings the repositories level by what they held before it, with the sessions that are open. Costs nothing
 * when they were level.
 *
 * @param members those that the backup succeeded for
 * @returns whether all are level now
 */
export async function catchUpAfterBackup(
  members: readonly Member[],
  globals: GlobalValues,
  context: CommandContext,
): Promise<boolean> {
  const { out } = context
  let areLevel = true
  for (const target of members) {
    const planned = planFor(target, members, { withOlder: false })
    printOlder(planned, (line) => out.detail(line))
    if (planned.plan.wanted.length === 0) continue
    const report = await bringLevel(planned, globals, context)
    printLevel(report, out)
    areLevel &&= outcomeOf(report) === 'level'
  }
  return areLevel
}
