import { dueAt } from './due.ts'
import type { JobMarks, ScheduledJob } from './scheduled-job.ts'
import type { Occasion, Scheduler, SchedulerOptions } from './scheduler.ts'
import { timeWindow } from './time-window.ts'

/** There is nothing to wait for: somebody will wake us. */
const LONG_MS = 24 * 3_600_000

interface Waiting {
  readonly job: ScheduledJob
  readonly isDue: boolean
  readonly since: Date | undefined
  readonly missed: number
  readonly next: Date | undefined
}

/** See `scheduler.ts`. */
export class JobLoop implements Scheduler {
  readonly #options: SchedulerOptions
  readonly #jobs = new Map<string, ScheduledJob>()
  /** By name, also of jobs that are in the list no more: they may come back. */
  readonly #marks = new Map<string, JobMarks>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #requests = new Map<string, Date>()
  readonly #runSignal: AbortSignal
  readonly #over: Promise<void>
  readonly #whenIdle: (() => void)[] = []
  #isStopping = false
  #lookedAt = new Date(0)
  #nap = new AbortController()

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#runSignal = options.signal ?? new AbortController().signal
    if (this.#runSignal.aborted) this.#isStopping = true
    else this.#runSignal.addEventListener('abort', this.#stop, { once: true })
    this.replaceJobs(options.jobs)
    this.#over = this.#loop()
  }

  get running(): readonly string[] {
    return [...this.#running.keys()]
  }

  get lookedAt(): Date {
    return this.#lookedAt
  }

  replaceJobs(jobs: readonly ScheduledJob[]): void {
    this.#jobs.clear()
    for (const job of jobs) {
      this.#jobs.set(job.name, job)
      if (!this.#marks.has(job.name)) this.#marks.set(job.name, this.#options.marks(job))
    }
    for (const name of this.#requests.keys()) if (!this.#jobs.has(name)) this.#requests.delete(name)
    this.#nap.abort()
  }

  request(name: string): boolean {
    if (!this.#jobs.has(name)) return false
    if (!this.#requests.has(name)) this.#requests.set(name, this.#options.clock.now())
    this.#nap.abort()
    return true
  }

  nextStart(name: string): Date | undefined {
    const job = this.#jobs.get(name)
    if (!job || this.#isStopping) return undefined
    const now = this.#options.clock.now()
    const { isDue, next } = this.#look(job, now)
    return isDue ? now : next
  }

  async idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#whenIdle.push(resolve)
    this.#nap.abort()
    // A loop that has ended looks no more.
    await Promise.race([promise, this.#over])
    await Promise.all(this.#running.values())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
    await this.#over
    await Promise.all(this.#running.values())
    this.#runSignal.removeEventListener('abort', this.#stop)
  }

  readonly #stop = (): void => {
    this.#isStopping = true
    this.#nap.abort()
  }

  async #loop(): Promise<void> {
    const { clock, atOnce = 1 } = this.#options
    while (!this.#isStopping) {
      this.#nap = new AbortController()
      const now = clock.now()
      this.#lookedAt = now
      const idle = [...this.#jobs.values()].filter(({ name }) => !this.#running.has(name))
      const waiting = idle.map((job) => this.#look(job, now))
      const due = waiting.filter(({ isDue }) => isDue).sort((a, b) => a.since!.getTime() - b.since!.getTime())
      for (const first of due.slice(0, Math.max(0, atOnce - this.#running.size))) this.#begin(first, now)
      if (this.#running.size === 0) for (const tell of this.#whenIdle.splice(0)) tell()
      const times = waiting.map(({ next }) => next?.getTime() ?? Number.POSITIVE_INFINITY)
      await clock.sleep(new Date(Math.min(now.getTime() + LONG_MS, ...times)), this.#nap.signal)
    }
  }

  #look(job: ScheduledJob, now: Date): Waiting {
    const due = dueAt(job, this.#marks.get(job.name)!, now)
    const requested = this.#requests.get(job.name)
    if (due.isDue || !requested) return { job, ...due }
    const hours = job.between ? timeWindow(job.between, job.timeZone) : undefined
    const isDue = hours?.isOpen(now) ?? true
    const next = hours && !isDue ? hours.opensNext(now) : due.next
    return { job, isDue, since: due.since ?? requested, missed: due.missed, next }
  }

  #begin({ job, since, missed }: Waiting, now: Date): void {
    const { name } = job
    this.#marks.set(name, { ...this.#marks.get(name)!, lastStarted: now, retryAt: undefined })
    this.#requests.delete(name)
    const run = this.#run(job, { since: since ?? now, missed, signal: this.#runSignal })
    const ended = run.finally(() => {
      this.#running.delete(name)
      this.#nap.abort()
    })
    this.#running.set(name, ended)
  }

  async #run(job: ScheduledJob, occasion: Occasion): Promise<void> {
    try {
      const retryAt = await this.#options.run(job, occasion)
      if (retryAt) this.#marks.set(job.name, { ...this.#marks.get(job.name)!, retryAt })
    } catch (error) {
      this.#options.onFailure(job, error)
    }
  }
}
