import { errorMessage, InputError } from '../../errors.ts'
import type { Schedule } from '../../schedules/schedule.ts'
import { describeSchedule } from '../../schedules/schedule.ts'
import type { Scheduler } from '../../schedules/scheduler.ts'
import { systemClock } from '../../schedules/system-clock.ts'
import { watchPaths } from '../../schedules/watch.ts'
import { Alerting } from '../alerts/alerting.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { openStackJobs, type StackJobs } from '../jobs/stack-jobs.ts'
import { sayInterrupted } from '../jobs/say-interrupted.ts'
import { saySettled } from '../jobs/say-settled.ts'
import { StackRunner } from '../jobs/stack-runner.ts'
import { everythingOf, startStackScheduler } from '../jobs/stack-scheduler.ts'
import { formatTime } from '../output/format.ts'
import type { SchedulerSign } from './ask-scheduler.ts'
import { ChangeWatches } from './change-watches.ts'
import { becomeOnlyScheduler } from './only-scheduler.ts'
import { openServiceManager, type ServiceManager } from './service-manager.ts'

/** A file that is being written is read when it is quiet. */
const SETTLE_MS = 500
const AT_MOST_MS = 5000
/** How often promises are looked at; at least, since the clock wakes earlier. */
const LOOK_MS = 10 * 60_000

/** Runs the jobs of a stack when they are due, until it is told to stop; what runs then is stopped and released. */
export async function runDaemon(first: StackJobs, globals: GlobalValues, context: CommandContext): Promise<void> {
  await using owned = new AsyncDisposableStack()
  const runner = owned.use(new StackRunner(first, globals, context))
  let serving: Scheduler | undefined
  const place = await becomeOnlyScheduler(first.stateFolder, () => signOf(serving))
  if (!place) {
    throw new InputError('a daemon of this stack runs already', {
      hint: 'stop it first, or leave the work to it: it reads hikae.yaml again when that changes',
    })
  }
  owned.use(place)
  const manager = owned.use(openServiceManager(context.env, (error) => context.out.warn(errorMessage(error))))
  await sayInterrupted(runner, context.out)
  await saySettled(first, context)
  const daemon = new Daemon(runner, manager, globals, context)
  const scheduler = owned.use(daemon.start())
  serving = scheduler
  const watches = owned.use(new ChangeWatches((job) => void scheduler.request(job), context))
  await watches.replace(first)
  const reload = (): void => void daemon.reload(scheduler, watches)
  owned.use(await watchStackFiles(first, reload, context))
  context.io.onHangUp?.(reload)
  daemon.tellNext(scheduler)
  await manager.ready()
  await daemon.watchPromises()
  await manager.stopping()
}

class Daemon {
  readonly #runner: StackRunner
  readonly #manager: ServiceManager
  readonly #globals: GlobalValues
  readonly #context: CommandContext
  #reloading: Promise<void> = Promise.resolve()

  constructor(runner: StackRunner, manager: ServiceManager, globals: GlobalValues, context: CommandContext) {
    this.#runner = runner
    this.#manager = manager
    this.#globals = globals
    this.#context = context
  }

  start(): Scheduler {
    const [runner, manager] = [this.#runner, this.#manager]
    return startStackScheduler({
      runner,
      scheduled: () => runner.stack,
      context: this.#context,
      onBegin: (name) => manager.status(`running ${name}`),
      onEnd: ({ job, outcome }) => manager.status(`${job} ${outcome}`),
    })
  }

  /** Jobs, sources and repositories as the file has them now. One that makes no sense changes nothing. */
  async reload(scheduler: Scheduler, watches: ChangeWatches): Promise<void> {
    this.#reloading = this.#reloading.then(async () => {
      const { out } = this.#context
      try {
        // Whoever asks for the stack by the same options is given what was read before.
        const globals = { ...this.#globals }
        const stack = await openStackJobs(globals, this.#context)
        if (!stack) throw new Error('the stack file has gone')
        this.#runner.replace(stack, globals)
        scheduler.replaceJobs(everythingOf(stack))
        await watches.replace(stack)
        out.note(`read ${stack.stack.file} again: ${stack.jobs.length} jobs`)
        this.tellNext(scheduler)
      } catch (error) {
        out.warn(`${errorMessage(error)}\ngoing on with what it said before`)
      }
    })
    await this.#reloading
  }

  /** Until the end: says when something is overdue though nothing has failed. */
  async watchPromises(): Promise<void> {
    const { signal, out } = this.#context
    while (!signal.aborted) {
      await systemClock.sleep(new Date(Date.now() + LOOK_MS), signal)
      if (signal.aborted) return
      try {
        await new Alerting(this.#runner.stack, this.#runner.state, this.#context).tick()
      } catch (error) {
        out.warn(`alerts could not be decided: ${errorMessage(error)}`)
      }
    }
  }

  tellNext(scheduler: Scheduler): void {
    const { jobs } = this.#runner.stack
    for (const { name, schedule } of everythingOf(this.#runner.stack)) {
      const next = scheduler.nextStart(name)
      const when = next === undefined ? describeWaiting(schedule) : formatTime(next.toISOString())
      const what = jobs.some((job) => job.name === name) ? `job ${name}` : name
      this.#context.out.note(`${what}: ${when}`)
    }
  }
}

function signOf(scheduler: Scheduler | undefined): SchedulerSign {
  const looked = scheduler && { lookedAt: scheduler.lookedAt.toISOString() }
  return { role: 'daemon', pid: process.pid, running: [...(scheduler?.running ?? [])], ...looked }
}

function describeWaiting(schedule: Schedule): string {
  return schedule.kind === 'manual' ? 'only when asked' : describeSchedule(schedule)
}

async function watchStackFiles(
  { stack }: StackJobs,
  onChange: () => void,
  { out }: CommandContext,
): Promise<AsyncDisposable> {
  return await watchPaths({
    paths: stack.files.map(({ path }) => path),
    settleMs: SETTLE_MS,
    atMostMs: AT_MOST_MS,
    clock: systemClock,
    onChange,
    onPolling: (why) => out.warn(`the stack file is looked at once a minute only: ${why}`),
  })
}
