import type { JobOnTime } from '../../jobs/source-status.ts'
import { systemClock } from '../../schedules/system-clock.ts'
import { watchPaths } from '../../schedules/watch.ts'
import { ownBelow } from '../../sources/own-paths.ts'
import { bytePath, systemPath } from '../../sources/swap/byte-path.ts'
import type { CommandContext } from '../context.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'

/** Watches what the jobs that run on change save. */
export class ChangeWatches implements AsyncDisposable {
  readonly #onChange: (job: string) => void
  readonly #context: CommandContext
  #watches: AsyncDisposable[] = []

  constructor(onChange: (job: string) => void, context: CommandContext) {
    this.#onChange = onChange
    this.#context = context
  }

  /** What changed before the watch began is saved by one run at its beginning. */
  async replace(stack: StackJobs): Promise<void> {
    await this[Symbol.asyncDispose]()
    for (const job of stack.jobs) if (job.schedule.kind === 'change') await this.#watch(job, stack)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const watches = this.#watches
    this.#watches = []
    for (const watch of watches) await watch[Symbol.asyncDispose]()
  }

  async #watch(job: JobOnTime, { name: stack, stack: { folder }, own: ownPaths }: StackJobs): Promise<void> {
    const { out, env, signal } = this.#context
    if (job.schedule.kind !== 'change') return
    const paths: string[] = []
    for (const { name, kind, config } of job.sources) {
      const own = await kind.watched?.(config, { source: name, stack, folder, env, signal })
      if (own) paths.push(...own)
      else
        out.warn(
          `the job ${job.name} does not notice changes of ${name}: nobody can watch a source of the kind ${kind.name}`,
        )
    }
    if (paths.length === 0) return
    const { settleMs, atMostMs } = job.schedule
    const ignored = (await ownBelow(paths.map(bytePath), ownPaths)).map((path) => systemPath(path).toString())
    this.#watches.push(
      await watchPaths({
        ...{ paths, settleMs, atMostMs, clock: systemClock },
        // Each run changes them: the next one would begin at once.
        ignores: (path) => ignored.includes(path),
        onChange: () => this.#onChange(job.name),
        onPolling: (why) => out.warn(`changes of the job ${job.name} are looked for once a minute only: ${why}`),
      }),
    )
    this.#onChange(job.name)
  }
}
