import { loadStack } from '../../config/load.ts'
import { ConfigError, describeProblem } from '../../config/problem.ts'
import { findStackFile } from '../../config/find.ts'
import { UsageError } from '../../errors.ts'
import type { CommandContext } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { openStackJobs, type StackJobs } from '../jobs/stack-jobs.ts'
import { knownSources } from '../jobs/labelled/known-sources.ts'
import { stackRepositories } from '../repository/choose.ts'
import { placesBelow } from '../schedule/places-below.ts'
import { scoreOf } from '../survey/score.ts'
import { surveyRepositories } from '../survey/survey.ts'
import { programVersion } from '../version.ts'
import { type Diagnosis, exitCodeFor, ok } from './diagnosis.ts'
import { examineCopies } from './examine-copies.ts'
import { examineDiscovery } from './examine-discovery.ts'
import { examineDrills } from './examine-drills.ts'
import { examineHolds } from './examine-holds.ts'
import { examineLeft } from './examine-left.ts'
import { examineMaintenance } from './examine-maintenance.ts'
import { examineProgram } from './examine-program.ts'
import { examineRepository } from './examine-repository.ts'
import { examineSchedule } from './examine-schedule.ts'
import { examineSources } from './examine-sources.ts'
import { examineState } from './examine-state.ts'
import { printDiagnoses } from './view.ts'

/**
 * Examines everything that a run needs, and prints one line for each.
 *
 * @param root of the system whose schedules are looked at
 * @throws {UsageError} there is no stack file
 */
export async function runDoctor(
  root: string | undefined,
  globals: GlobalValues,
  context: CommandContext,
): Promise<ExitCode> {
  const diagnoses: Diagnosis[] = [examineProgram(programVersion(), process.versions.node)]
  const file = await examineFile(globals, context)
  diagnoses.push(...file)
  if (exitCodeFor(file) !== 1) {
    const known = await knownSources((await openStackJobs(globals, { env: context.env }))!, context)
    const { stack } = known
    diagnoses.push(...(await examineLeft(stack, context)))
    diagnoses.push(...examineDiscovery(known))
    diagnoses.push(...(await examineHolds(stack, context)))
    diagnoses.push(...(await examineSources(stack, context, Date.now())))
    diagnoses.push(...(await examineRepositories(stack, globals, context)))
    diagnoses.push(...(await examineState(stack.stateFolder)))
    diagnoses.push(...(await examineDrills(stack, context, Date.now())))
    diagnoses.push(...(await examineSchedule(stack, placesBelow(root))))
  }
  printDiagnoses(diagnoses, context.out)
  return exitCodeFor(diagnoses)
}

async function examineFile({ config }: GlobalValues, { env }: CommandContext): Promise<Diagnosis[]> {
  const file = await findStackFile(config, env)
  if (file === undefined) {
    throw new UsageError('there is no stack file', {
      hint: 'hikae init writes one, or name another with --config FILE',
    })
  }
  try {
    const { warnings } = await loadStack(file, env)
    if (warnings.length === 0) return [ok('stack file', file)]
    return warnings.map((warning) => ({
      subject: 'stack file',
      verdict: 'warning',
      message: describeProblem(warning, file),
      hint: 'change it as it says',
    }))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => ({
      subject: 'stack file',
      verdict: 'error',
      message: describeProblem(problem, file),
      hint: 'correct it, and run hikae doctor again: nothing else was examined',
    }))
  }
}

async function examineRepositories(
  stack: StackJobs,
  globals: GlobalValues,
  context: CommandContext,
): Promise<Diagnosis[]> {
  const chosen = await stackRepositories(globals, { env: context.env })
  if (chosen.length === 0) {
    const hint = 'add a repository to hikae.yaml'
    return [{ subject: 'repositories', verdict: 'error', message: 'there are none: nothing can be stored', hint }]
  }
  const surveyed = await surveyRepositories(chosen, globals, context, { sizes: false })
  const now = Date.now()
  const found: Diagnosis[] = []
  for (const repository of surveyed) found.push(...(await examineRepository(repository, globals, context, now)))
  found.push(...(await examineMaintenance(stack, surveyed, context, now)))
  return [...found, ...examineCopies(await scoreOf(surveyed, context.signal))]
}
