import type { CommandContext } from '../context.ts'
import { openExistingState } from '../history/stack-state.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import type { LastDrills } from '../survey/drill-text.ts'

/** The last drill of each source of a stack, as far as that is remembered. */
export async function drillsOf({ stateFolder }: StackJobs, { out }: CommandContext): Promise<LastDrills> {
  await using state = await openExistingState(stateFolder, { clock: Date.now }, out)
  return state?.drills.last() ?? new Map()
}
