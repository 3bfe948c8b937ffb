import { commonSourceSchema } from '../../../jobs/source-schema.ts'
import type { JobSource } from '../../../jobs/job.ts'
import { SOURCE_KINDS } from '../../../sources/kinds.ts'
import { InputError } from '../../../errors.ts'
import type { CommandContext } from '../../context.ts'
import type { GlobalValues } from '../../global-options.ts'
import { lookForPoint } from '../find-point.ts'
import type { StackJobs } from '../stack-jobs.ts'

/**
 * A source that a container brought once, as its last snapshot describes it: the container may be gone, and its labels with
 * it.
 *
 * @returns undefined when no snapshot is of such a source
 * @throws {InputError} a later Hikae has made the snapshot, so that this one does not understand the source
 */
export async function sourceOfSnapshots(
  name: string,
  stack: StackJobs,
  globals: GlobalValues,
  context: CommandContext,
): Promise<JobSource | undefined> {
  await using owned = new AsyncDisposableStack()
  const { found } = await lookForPoint({ stack: stack.name, source: name }, globals, context, owned)
  if (found?.point.manifest.written === undefined) return undefined
  const { kind: kindName, program } = found.point.manifest
  const written = onEngineOf(stack, found.point.manifest.written)
  const kind = SOURCE_KINDS.find((each) => each.name === kindName)
  const checked = kind?.config.safeParse(written)
  if (!kind || !checked?.success) {
    throw new InputError(
      `the source ${name}, of the kind ${kindName}, was saved by Hikae ${program}, and is not understood`,
      {
        hint: 'use that version, or write the source in hikae.yaml',
      },
    )
  }
  const { shrink, mayBeEmpty } = commonSourceSchema.parse({})
  const expectations = { mostShrinkage: shrink, mayBeEmpty }
  return { name, kind, config: checked.data, written, expectations }
}

/** Where sources are looked for on another engine than then, this one is there too. */
function onEngineOf(
  { discover }: StackJobs,
  { engine, ...written }: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const now = discover ? discover.engine : engine
  return now === undefined ? written : { ...written, engine: now }
}
