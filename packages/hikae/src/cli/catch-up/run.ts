import { printUnopened } from '../backup/report.ts'
import type { CommandInput } from '../command.ts'
import type { copyOptions } from '../commands/copy.ts'
import type { CommandContext } from '../context.ts'
import { warnOfDifferences } from '../copy/differences.ts'
import { UsageError } from '../../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import type { Output } from '../output/output.ts'
import { type ChosenRepository, labelOf } from '../repository/choose.ts'
import { openAll } from '../repository/open-all.ts'
import type { Access } from '../repository/session.ts'
import { bringLevel, planFor, type PlannedMember, promise } from './bring-level.ts'
import { chooseFamily } from './choose-family.ts'
import { type Member, readMembers } from './member.ts'
import { type LevelOutcome, outcomeOf, printLevel, printOlder, printPlan } from './report.ts'

type CatchUpInput = CommandInput<typeof copyOptions>

/** `hikae copy --catch-up`: repositories get from each other what they have missed. */
export async function runCatchUp(input: CatchUpInput, context: CommandContext): Promise<ExitCode> {
  refuseSelection(input)
  const { options, globals } = input
  const { out } = context
  const { targets, others } = await chooseFamily(globals, context)
  await using owned = new AsyncDisposableStack()
  const access = (chosen: ChosenRepository): Access => ({
    lock: options.dryRun ? 'none' : 'shared',
    readOnly: others.includes(chosen),
    index: 'unloaded',
  })
  const { opened, failed: unopened } = await openAll([...targets, ...others], globals, context, access, owned)
  const { members, failed: unread } = await readMembers(opened, context)
  const failed = [...unopened, ...unread]
  if (members.length === 0) throw failed[0]!.error
  for (const { chosen, error } of failed) printUnopened({ repository: labelOf(chosen), error }, out)
  const labels = new Set(targets.map(labelOf))
  const planned = members.filter(({ label }) => labels.has(label)).map((target) => planFor(target, members, options))
  const outcomes: LevelOutcome[] = failed.map(() => 'failed')
  for (const plan of planned) {
    outcomes.push(plan.siblings.length === 0 ? 'failed' : await levelOne(plan, options, globals, context))
    printOlder(plan, (line) => out.note(line))
  }
  if (outcomes.every((outcome) => outcome === 'level')) return EXIT.succeeded
  return outcomes.every((outcome) => outcome === 'failed') ? EXIT.failed : EXIT.incomplete
}

async function levelOne(
  planned: PlannedMember,
  { dryRun }: { readonly dryRun: boolean },
  globals: GlobalValues,
  context: CommandContext,
): Promise<LevelOutcome> {
  const { out } = context
  if (dryRun) {
    printPlan(planned, out)
    return 'level'
  }
  warnOfPairs(planned, globals, out)
  await promise(planned, context)
  const report = await bringLevel(planned, globals, context)
  printLevel(report, out)
  return outcomeOf(report)
}

function refuseSelection({ options, args }: CatchUpInput): void {
  const { host, tag, path, fromRepo, fromRepositoryFile } = options
  const isSelection = args.length > 0 || [host, tag, path].some((given) => given.length > 0)
  if (isSelection) {
    throw new UsageError('--catch-up takes all that was missed: it does not go together with a choice of snapshots', {
      hint: 'to copy some, use --from-repo instead',
    })
  }
  if (fromRepo === undefined && fromRepositoryFile === undefined) return
  throw new UsageError('--catch-up copies between the repositories of --repo or hikae.yaml, and not from --from-repo', {
    hint: 'name all of them with --repo',
  })
}

function warnOfPairs({ target, plan }: PlannedMember, globals: GlobalValues, out: Output): void {
  const sources = new Set<Member>(plan.wanted.map(({ from }) => from))
  for (const { session } of sources) {
    warnOfDifferences(session.repository, target.session.repository, globals, out)
  }
}
