import { findInstalled } from '../../schedules/install/install-plan.ts'
import type { SystemPlaces } from '../../schedules/install/install-request.ts'
import { readOwnership } from '../../schedules/install/ownership.ts'
import { isTimed } from '../../schedules/schedule.ts'
import type { ScheduledJob } from '../../schedules/scheduled-job.ts'
import { askScheduler } from '../daemon/ask-scheduler.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import { type Diagnosis, ok } from './diagnosis.ts'

const SUBJECT = 'schedule'

/** Whether anything begins the jobs of the stack on this machine. */
export async function examineSchedule(stack: StackJobs, places: SystemPlaces): Promise<Diagnosis[]> {
  if (stack.jobs.length === 0) {
    const hint = 'add a job to hikae.yaml'
    return [{ subject: SUBJECT, verdict: 'error', message: 'there are no jobs: nothing is ever saved', hint }]
  }
  const daemon = await askScheduler(stack.stateFolder)
  if (daemon.kind === 'silent') {
    const hint = 'look what it is doing (its log, `ps`), and start it anew'
    return [{ subject: SUBJECT, verdict: 'error', message: 'hikae daemon runs, and does not answer', hint }]
  }
  if (daemon.kind === 'answers' && daemon.sign.role === 'daemon') return [ok(SUBJECT, 'hikae daemon is running')]
  const onChange = stack.jobs.filter(({ schedule }) => schedule.kind === 'change').map(({ name }) => name)
  const scheduled: readonly ScheduledJob[] = [...stack.jobs, ...stack.maintenance]
  const timed = scheduled.filter(({ schedule }) => isTimed(schedule)).map(({ name }) => name)
  const found: Diagnosis[] = []
  if (onChange.length > 0) {
    const message = `the daemon does not run, which ${onChange.join(', ')} needs: nothing else notices changes`
    found.push({ subject: SUBJECT, verdict: 'warning', message, hint: 'run hikae daemon as a service' })
  }
  if (timed.length > 0) found.push(await examineTimers(stack, timed, places))
  return found.length > 0 ? found : [ok(SUBJECT, 'jobs run when somebody runs them')]
}

async function examineTimers(stack: StackJobs, timed: readonly string[], places: SystemPlaces): Promise<Diagnosis> {
  const installed = (await findInstalled(stack.name, places)).filter(
    ({ content }) => readOwnership(content)?.config === stack.stack.file,
  )
  if (installed.length > 0) return ok(SUBJECT, `installed: ${installed.map(({ path }) => path).join(', ')}`)
  const message = `nothing on this machine begins ${timed.join(', ')}`
  return { subject: SUBJECT, verdict: 'warning', message, hint: 'hikae schedule install, or run hikae daemon' }
}
