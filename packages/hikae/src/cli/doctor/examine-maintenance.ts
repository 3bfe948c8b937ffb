import { isFine, type MaintenanceStatus } from '../../maintenance/maintenance-status.ts'
import { describeSchedule } from '../../schedules/schedule.ts'
import type { CommandContext } from '../context.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import { formatAge } from '../output/age.ts'
import { maintenanceOf } from '../survey/maintenance-of.ts'
import type { SurveyedRepository } from '../survey/survey.ts'
import { type Diagnosis, ok } from './diagnosis.ts'

const SUBJECT = 'maintenance'
const ADVICE = 'add to hikae.yaml: maintenance: { check: weekly, readData: 5%, prune: weekly }'

/** Whether repositories of jobs that run by themselves are checked and pruned by themselves too, and how that goes. */
export async function examineMaintenance(
  stack: StackJobs,
  repositories: readonly SurveyedRepository[],
  context: CommandContext,
  nowMs: number,
): Promise<Diagnosis[]> {
  const found = [
    ...missingTasks(stack),
    ...(await maintenanceOf(stack, repositories, context)).flatMap((status) => troubleOf(status, nowMs)),
  ]
  if (found.length > 0 || stack.maintenance.length === 0) return found
  return [
    ok(SUBJECT, stack.maintenance.map(({ name, schedule }) => `${name} ${describeSchedule(schedule)}`).join(', ')),
  ]
}

function missingTasks({ jobs, maintenance }: StackJobs): Diagnosis[] {
  const has = (task: string): boolean => maintenance.some(({ name }) => name === task)
  const runAlone = jobs.filter(({ schedule }) => schedule.kind !== 'manual')
  if (runAlone.length === 0) return []
  if (!has('check')) {
    const what = has('prune') ? 'nothing checks' : 'nothing checks or prunes'
    const message = `jobs run by themselves, and ${what} the repositories: damage is found when a restore fails`
    return [{ subject: SUBJECT, verdict: 'warning', message, hint: ADVICE }]
  }
  if (has('prune') || runAlone.every(({ keep }) => keep === 'forever')) return []
  const message = 'snapshots are removed by keep:, and nothing prunes: what only they needed takes room for ever'
  return [{ subject: SUBJECT, verdict: 'warning', message, hint: ADVICE }]
}

function troubleOf(status: MaintenanceStatus, nowMs: number): Diagnosis[] {
  if (isFine(status)) return []
  const { task, repository, verdict, lastGood, trouble } = status
  const subject = `repository ${repository}`
  if (verdict !== 'overdue' && trouble) {
    const hint = trouble.hint ?? `see what happened: hikae history --job ${task}`
    const message = verdict === 'damaged' ? '' : `the last ${task} failed: `
    const text = message + (trouble.message ?? 'for an unknown reason')
    return [{ subject, verdict: verdict === 'damaged' ? 'error' : 'warning', message: text, hint }]
  }
  const since = lastGood === undefined ? 'never done' : `last done ${formatAge(nowMs - lastGood.getTime())} ago`
  const hint = 'see that something begins it: hikae schedule show, and run it now: hikae backup --due'
  return [{ subject, verdict: 'warning', message: `the ${task} by schedule is overdue: ${since}`, hint }]
}
