import { settleSources } from '../../jobs/settle-sources.ts'
import type { CommandContext } from '../context.ts'
import { settleMigrations } from '../migrate/settle.ts'
import type { Finding } from '../../sources/finding.ts'
import { settleOptions } from '../jobs/source-context.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import type { Diagnosis } from './diagnosis.ts'

/** What killed runs have left done to others, such as containers that they stopped: undone here and now, where it can be. */
export async function examineLeft(stack: StackJobs, context: CommandContext): Promise<Diagnosis[]> {
  await using owned = new AsyncDisposableStack()
  const settled = await settleSources(stack.sources, await settleOptions(stack, context, owned))
  return [
    ...(await settleMigrations(context)).map((finding) => diagnosisOf('migration', finding)),
    ...settled.flatMap(({ source, findings }) => findings.map((finding) => diagnosisOf(`source ${source}`, finding))),
  ]
}

function diagnosisOf(subject: string, { severity, message, hint }: Finding): Diagnosis {
  return { subject, verdict: severity, message, hint: hint ?? 'put that right, and run hikae doctor again' }
}
