import { UsageError } from '../../errors.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { sourceNamed } from '../jobs/asked-for.ts'
import { discoverSources } from '../jobs/labelled/discover-sources.ts'
import { openStackJobs } from '../jobs/stack-jobs.ts'
import { printFindings } from '../jobs/undo-source.ts'
import type { DrillRequest } from './drill-request.ts'

/**
 * The sources that are named, each once; without names all that there are now, also those that containers bring.
 *
 * @throws {UsageError} there is no stack file, no such source, or none at all
 */
export async function sourcesToDrill(
  names: readonly string[],
  globals: GlobalValues,
  context: CommandContext,
): Promise<Pick<DrillRequest, 'stack' | 'sources' | 'isComplete'>> {
  const file = await openStackJobs(globals, context)
  if (!file) {
    throw new UsageError('there is no stack file', {
      hint: 'drills are of sources in hikae.yaml: run it in its folder, or name the file with --config FILE',
    })
  }
  if (names.length > 0) {
    const named = await Promise.all([...new Set(names)].map((name) => sourceNamed(name, globals, context)))
    return { stack: file, sources: named.map(({ source }) => source), isComplete: true }
  }
  const stack = await discoverSources(file, context)
  printFindings(stack.findings, context.out)
  const isComplete = stack.findings.every(({ severity }) => severity !== 'error')
  if (stack.sources.length > 0) return { stack, sources: stack.sources, isComplete }
  throw new UsageError(`there is no source in ${file.stack.file}`, { hint: 'add sources: to it' })
}
