import type { CommandContext } from '../context.ts'
import { drillsOf } from '../drill/drills-of.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import { formatAge } from '../output/age.ts'
import { type Diagnosis, ok } from './diagnosis.ts'
import { fromError } from './from-error.ts'

const SUBJECT = 'drills'

/** Whether it was ever proven that the sources come back. */
export async function examineDrills(stack: StackJobs, context: CommandContext, nowMs: number): Promise<Diagnosis[]> {
  if (stack.sources.length === 0) return []
  try {
    const drills = await drillsOf(stack, context)
    const own = stack.sources.flatMap(({ name }) => drills.get(name) ?? [])
    const failed = own.filter(({ outcome }) => outcome === 'failed')
    if (failed.length > 0) {
      return failed.map(({ source, startedAt, findings }) => ({
        subject: SUBJECT,
        verdict: 'warning',
        message: `${source} did not come back ${formatAge(nowMs - Date.parse(startedAt))} ago: ${findings[0]?.message ?? 'for an unknown reason'}`,
        hint: `put that right, and see that it does: hikae drill ${source}`,
      }))
    }
    const never = stack.sources.map(({ name }) => name).filter((name) => !drills.has(name))
    if (own.length === 0) return [ok(SUBJECT, 'none yet; hikae drill rehearses a restore')]
    if (never.length > 0)
      return [ok(SUBJECT, `${own.length} of ${stack.sources.length} sources, not ${never.join(', ')}`)]
    return [ok(SUBJECT, 'all sources came back')]
  } catch (error) {
    return [fromError(SUBJECT, error)]
  }
}
