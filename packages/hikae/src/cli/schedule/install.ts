import { access, constants } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { errorMessage, UsageError } from '../../errors.ts'
import { applyPlan } from '../../schedules/install/apply-plan.ts'
import { chooseKind } from '../../schedules/install/choose-kind.ts'
import { changesNothing, planInstall } from '../../schedules/install/install-plan.ts'
import type { InstallKind } from '../../schedules/install/install-request.ts'
import { ownTimeZone } from '../../schedules/time-zone.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import type { Output } from '../output/output.ts'
import { openScheduledStack, type ScheduledStack } from './jobs-of-stack.ts'
import { placesBelow } from './places-below.ts'
import { printPlan, warnOfUntimed } from './plan-view.ts'

export interface InstallOptions {
  readonly with: InstallKind | 'github' | undefined
  readonly user: string | undefined
  readonly program: string | undefined
  readonly root: string | undefined
  readonly output: string | undefined
  readonly dryRun: boolean
}

/** Puts the schedules of the stack onto this machine, or prints a workflow. */
export async function installSchedules(
  options: InstallOptions,
  globals: Pick<GlobalValues, 'config'>,
  context: CommandContext,
): Promise<ExitCode> {
  const { env, out, signal } = context
  if (options.output !== undefined && options.with !== 'github')
    throw new UsageError('--output is for a workflow', { hint: 'add --with github, or leave it out' })
  const stack = await openScheduledStack(globals, env)
  if (options.with === 'github') {
    const { writeWorkflow } = await import('./write-workflow.ts')
    return writeWorkflow(stack, options, out)
  }
  const places = placesBelow(options.root)
  const kind = options.with ?? (await chooseKind(places))
  const program = options.program ?? ownProgram()
  // Of a system that is mounted elsewhere, nobody knows what will be where.
  if (options.root === undefined) await requireProgram(program)
  const request = {
    stack: stack.name,
    config: stack.config,
    jobs: stack.jobs,
    program,
    user: options.user ?? ownName(),
    now: new Date(),
    machineTimeZone: ownTimeZone(),
  }
  const plan = await planInstall(request, kind, places)
  printPlan(plan, out)
  const changing = stack.jobs.filter(({ schedule }) => schedule.kind === 'change').map(({ name }) => name)
  warnOfUntimed(plan, new Set(changing), out)
  warnOfVariables(stack, kind, out)
  if (program.includes('/_npx/'))
    out.warn(`${program} is where npx keeps what it fetched, and may be gone some day; install hikae, or use --program`)
  if (changesNothing(plan)) out.note('Nothing has to be done.')
  else if (options.dryRun) out.note('Nothing was done.')
  if (options.dryRun) return EXIT.succeeded
  const { notes } = await applyPlan(plan, { places, signal })
  for (const note of notes) out.warn(note)
  return EXIT.succeeded
}

function ownName(): string {
  try {
    return userInfo().username
  } catch (error) {
    throw new UsageError('the system has no name for the user who runs this', {
      hint: 'say who makes the backups: --user NAME',
      cause: error,
    })
  }
}

async function requireProgram(program: string): Promise<void> {
  try {
    await access(program, constants.X_OK)
  } catch (error) {
    throw new UsageError(`cannot run ${program}: ${errorMessage(error)}`, {
      hint: 'name the full path of hikae: --program FILE; nothing was done',
      cause: error,
    })
  }
}

/** The launcher of this installation, from `src/` and from `dist/`. */
function ownProgram(): string {
  return fileURLToPath(new URL('../../../bin/hikae', import.meta.url))
}

function warnOfVariables({ variables, name }: ScheduledStack, kind: InstallKind, out: Output): void {
  if (variables.length === 0) return
  const where =
    kind === 'systemd'
      ? `write them to /etc/hikae/${name}.env, which only root may read, as NAME=value`
      : 'let the stack file read them from files: { file: … }'
  out.warn(`${variables.join(', ')}: not set when a schedule begins a job; ${where}`)
}
