import type { KeptCopy, SourceContext } from '../../sources/source-kind.ts'
import type { CommandContext } from '../context.ts'
import { isKeptLong, keptOfSource } from '../jobs/kept-of-stack.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import { formatAge } from '../output/age.ts'
import { formatBytesRoughly } from '../output/format.ts'
import { type Diagnosis, ok } from './diagnosis.ts'
import { fromError } from './from-error.ts'

/** Whether a backup of each source would work, and some job makes it. One after the other: each may use the whole disk. */
export async function examineSources(
  stack: StackJobs,
  commandContext: CommandContext,
  nowMs: number,
): Promise<Diagnosis[]> {
  const { sources, jobs } = stack
  const { env, signal } = commandContext
  if (sources.length === 0) {
    const hint = 'add sources to hikae.yaml'
    return [{ subject: 'sources', verdict: 'error', message: 'there are none: nothing is saved', hint }]
  }
  const diagnoses: Diagnosis[] = []
  for (const source of sources) {
    const { name, kind, config } = source
    signal.throwIfAborted()
    const subject = `source ${name}`
    const context: SourceContext = {
      source: name,
      stack: stack.name,
      folder: stack.stack.folder,
      own: stack.own,
      env,
      signal,
    }
    const found = await examined(subject, async () => kind.examine(config, context), signal)
    const saved = jobs.some((job) => job.sources.some((source) => source.name === name))
    if (!saved) found.push(unsaved(subject))
    const kept = await keptOfSource(source, stack, commandContext)
    found.push(...(await keptFindings(name, kept, { nowMs, signal })))
    diagnoses.push(...(found.length > 0 ? found : [ok(subject, kind.describe(config))]))
  }
  return diagnoses
}

async function examined(
  subject: string,
  examine: () => ReturnType<StackJobs['sources'][number]['kind']['examine']>,
  signal: AbortSignal,
): Promise<Diagnosis[]> {
  try {
    return (await examine()).map(({ severity, message, hint }) => ({
      subject,
      verdict: severity,
      message,
      hint: hint ?? 'correct the source in hikae.yaml, or what it names',
    }))
  } catch (error) {
    signal.throwIfAborted()
    return [fromError(subject, error)]
  }
}

function unsaved(subject: string): Diagnosis {
  const hint = 'name it in sources: of a job'
  return { subject, verdict: 'warning', message: 'no job saves it', hint }
}

/** What a restore has kept for so long that it was probably forgotten. */
async function keptFindings(
  name: string,
  kept: readonly KeptCopy[],
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<Diagnosis[]> {
  const found: Diagnosis[] = []
  for (const copy of kept.filter((one) => isKeptLong(one, nowMs))) {
    const bytes = await copy.size?.(signal)
    const size = bytes === undefined ? '' : `, ${formatBytesRoughly(bytes)}`
    const age = formatAge(nowMs - copy.time.getTime())
    found.push({
      subject: `source ${name}`,
      verdict: 'warning',
      message: `what a restore has replaced ${age} ago is still kept${size}: ${copy.place}`,
      hint: `when all is well, hikae restore ${name} --finish frees the room`,
    })
  }
  return found
}
