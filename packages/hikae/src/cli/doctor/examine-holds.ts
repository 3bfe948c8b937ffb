import { examineHold } from '../../jobs/together/examine-hold.ts'
import type { CommandContext } from '../context.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import type { Diagnosis } from './diagnosis.ts'

/** Whether what jobs are to hold still is there, so that their sources are of one moment. */
export async function examineHolds({ jobs, stack }: StackJobs, { env, signal }: CommandContext): Promise<Diagnosis[]> {
  const diagnoses: Diagnosis[] = []
  for (const { name, together } of jobs) {
    if (!together) continue
    const findings = await examineHold(together, { folder: stack.folder, env, signal })
    diagnoses.push(
      ...findings.map(({ severity, message, hint }) => ({
        subject: `job ${name}`,
        verdict: severity,
        message: `its sources cannot be held still together: ${message}`,
        hint: hint ?? 'correct hold: of the job in hikae.yaml, or what it names',
      })),
    )
  }
  return diagnoses
}
