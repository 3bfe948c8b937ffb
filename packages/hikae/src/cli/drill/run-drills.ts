import type { JobSource } from '../../jobs/job.ts'
import { drillPoint } from '../../recovery/drill-point.ts'
import type { DrillRecord } from '../../state/drills.ts'
import { StateError } from '../../state/state-error.ts'
import { openState, type State } from '../../state/state.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { type BestPoint, bestOf, notFound, openHeld } from '../jobs/find-point.ts'
import { knownSecrets } from '../jobs/known-secrets.ts'
import { sourceContext } from '../jobs/source-context.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import { printError } from '../output/error.ts'
import type { Output } from '../output/output.ts'
import { printableMessage } from '../output/printable.ts'
import { DrillFolders } from './drill-folders.ts'
import type { DrillRequest } from './drill-request.ts'
import { noteDrill, printDrill } from './drill-view.ts'

/**
 * Rehearses the restore of sources, one after the other, and remembers how it went. One that fails does not keep the others
 * from theirs.
 */
export async function runDrills(
  request: DrillRequest,
  globals: GlobalValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { stack, sources, isComplete, at, scratch } = request
  const { out } = context
  await using owned = new AsyncDisposableStack()
  const state = owned.use(openState(stack.stateFolder, { clock: Date.now }))
  for (const warning of state.warnings) out.warn(printableMessage(warning))
  for (const secret of await knownSecrets(stack.stack, context.env)) state.redactor.add(secret)
  const folders = owned.use(await DrillFolders.open(scratch, stack.stateFolder))
  const held = await openHeld(globals, context, owned)
  const outcomes: DrillRecord['outcome'][] = []
  for (const source of sources) {
    context.signal.throwIfAborted()
    const choice = { stack: stack.name, source: source.name, kind: source.kind.name, ...(at && { at }) }
    const point = bestOf(held, choice)
    if (!point) {
      printError(notFound(choice, held), out, { debug: false })
      outcomes.push('failed')
      continue
    }
    noteDrill(source, point, out)
    const drill = await drillSource(source, point, { stack, folders }, context)
    printDrill(drill, promisedMs(source, stack), out)
    outcomes.push(isRemembered(drill, state, out) ? drill.outcome : 'incomplete')
  }
  if (isComplete && outcomes.every((outcome) => outcome === 'succeeded')) return EXIT.succeeded
  return outcomes.every((outcome) => outcome === 'failed') ? EXIT.failed : EXIT.incomplete
}

/** In a folder of its own, which is gone when the next one begins. */
async function drillSource(
  source: JobSource,
  point: BestPoint,
  { stack, folders }: { readonly stack: StackJobs; readonly folders: DrillFolders },
  context: CommandContext,
): Promise<DrillRecord> {
  const { snapshot, repository, isIncomplete, open } = point
  await using owned = new AsyncDisposableStack()
  const reading = {
    ...sourceContext(source, stack, context, owned),
    scratchFolder: folders.scratchFor(source.name, snapshot.summary?.totalBytesProcessed, owned),
  }
  const startedAt = new Date().toISOString()
  const drilled = { open: () => open(context.signal), isIncomplete }
  const { size, ...result } = await drillPoint(source, drilled, reading)
  return {
    ...{ source: source.name, kind: source.kind.name, startedAt, ...result, ...size },
    ...{ snapshot: snapshot.id, pointTime: new Date(snapshot.time).toISOString(), repository },
  }
}

/** What cannot be written down has been drilled all the same. */
function isRemembered(drill: DrillRecord, { drills }: State, out: Output): boolean {
  try {
    drills.add(drill)
    return true
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    printError(error, out, { debug: false })
    return false
  }
}

/** The strictest promise of its jobs. */
function promisedMs({ name }: JobSource, { jobs }: StackJobs): number | undefined {
  const own = jobs.filter(({ sources }) => sources.some((source) => source.name === name))
  const promised = own.flatMap(({ objectives }) => objectives.rtoMs ?? [])
  return promised.length === 0 ? undefined : Math.min(...promised)
}
