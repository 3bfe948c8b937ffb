import { FakeClock } from '@hikae/testkit'
import { describe, test } from 'vitest'
import { parseDailyHours } from './time-window.ts'
import type { ScheduledJob } from './scheduled-job.ts'
import { scheduleSchema } from './schedule-schema.ts'
import { type Occasion, type Scheduler, type SchedulerOptions, startScheduler } from './scheduler.ts'

describe('a week with a change of clocks and a night without power', () => {
  test('runs each job at its times, and once for what was missed', async ({ expect }) => {
    const clock = new FakeClock('2026-03-25T12:00Z')
    const jobs = [job('databases', 'daily at 02:30'), job('sessions', 'every 6h'), job('files', 'weekly on sunday')]
    const before = new Recorder(clock)
    {
      await using _ = before.start({ jobs, atOnce: 3 })
      await clock.passTo('2026-03-27T22:00Z')
    }
    await clock.setTo('2026-03-28T07:10Z')
    const after = new Recorder(clock, before)
    await using _ = after.start({ jobs, atOnce: 3 })
    await clock.passTo('2026-04-01T12:00Z')
    expect([...before.begun, ...after.begun]).toEqual([
      '2026-03-25T17:00 sessions',
      '2026-03-25T23:00 sessions',
      '2026-03-26T01:30 databases',
      '2026-03-26T05:00 sessions',
      '2026-03-26T11:00 sessions',
      '2026-03-26T17:00 sessions',
      '2026-03-26T23:00 sessions',
      '2026-03-27T01:30 databases',
      '2026-03-27T05:00 sessions',
      '2026-03-27T11:00 sessions',
      '2026-03-27T17:00 sessions',
      // Without power from 23:00 to 08:10 local time.
      '2026-03-28T07:10 sessions (2)',
      '2026-03-28T07:10 databases',
      '2026-03-28T11:00 sessions',
      '2026-03-28T17:00 sessions',
      '2026-03-28T23:00 sessions',
      // 02:30 does not exist: clocks go from 02:00 to 03:00, when the other job is due.
      '2026-03-29T01:00 databases',
      '2026-03-29T01:00 files',
      '2026-03-29T04:00 sessions',
      '2026-03-29T10:00 sessions',
      '2026-03-29T16:00 sessions',
      '2026-03-29T22:00 sessions',
      '2026-03-30T00:30 databases',
      '2026-03-30T04:00 sessions',
      '2026-03-30T10:00 sessions',
      '2026-03-30T16:00 sessions',
      '2026-03-30T22:00 sessions',
      '2026-03-31T00:30 databases',
      '2026-03-31T04:00 sessions',
      '2026-03-31T10:00 sessions',
      '2026-03-31T16:00 sessions',
      '2026-03-31T22:00 sessions',
      '2026-04-01T00:30 databases',
      '2026-04-01T04:00 sessions',
      '2026-04-01T10:00 sessions',
    ])
  })
})

describe('a scheduler', () => {
  test('does not begin what still runs, and runs it again at once when a time went by', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T00:30Z')
    const recorder = new Recorder(clock)
    await using scheduler = recorder.start({ jobs: [job('databases', 'hourly')], atOnce: 2 })
    const end = recorder.hold('databases')
    await clock.passTo('2026-11-21T03:20Z')
    expect(scheduler.running).toEqual(['databases'])
    end()
    await clock.passTo('2026-11-21T04:30Z')
    expect(recorder.begun).toEqual([
      '2026-11-21T01:00 databases',
      '2026-11-21T03:20 databases (2)',
      '2026-11-21T04:00 databases',
    ])
  })

  test('tries again what could not be done, and then comes back to its times', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T00:30Z')
    const recorder = new Recorder(clock)
    recorder.retries = [15 * 60_000, 30 * 60_000]
    await using _ = recorder.start({ jobs: [job('check', 'daily at 02:00', 'UTC')] })
    await clock.passTo('2026-11-22T03:00Z')
    expect(recorder.begun).toEqual([
      '2026-11-21T02:00 check',
      '2026-11-21T02:15 check',
      '2026-11-21T02:45 check',
      '2026-11-22T02:00 check',
    ])
  })

  test('runs no more than so many at once, those first that have waited longest', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T00:30Z')
    const recorder = new Recorder(clock)
    const jobs = [job('c', '20 1 * * *', 'UTC'), job('b', '10 1 * * *', 'UTC'), job('a', '0 1 * * *', 'UTC')]
    const end = recorder.hold('a')
    await using _ = recorder.start({ jobs })
    await clock.passTo('2026-11-21T02:00Z')
    expect(recorder.begun).toEqual(['2026-11-21T01:00 a'])
    end()
    await clock.passTo('2026-11-21T02:01Z')
    expect(recorder.begun.slice(1)).toEqual(['2026-11-21T02:00 b', '2026-11-21T02:00 c'])
  })

  test('takes a clock that is set forward for time without power', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T00:30Z')
    const recorder = new Recorder(clock)
    await using _ = recorder.start({ jobs: [job('databases', 'hourly')] })
    await clock.passTo('2026-11-21T01:10Z')
    await clock.setTo('2026-11-21T09:05Z')
    await clock.passTo('2026-11-21T10:30Z')
    expect(recorder.begun).toEqual([
      '2026-11-21T01:00 databases',
      '2026-11-21T09:05 databases (8)',
      '2026-11-21T10:00 databases',
    ])
  })

  test('runs nothing twice when the clock is set back', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T00:30Z')
    const recorder = new Recorder(clock)
    await using _ = recorder.start({ jobs: [job('databases', 'hourly')] })
    await clock.passTo('2026-11-21T03:10Z')
    await clock.setTo('2026-11-21T00:50Z')
    await clock.passTo('2026-11-21T04:10Z')
    const hours = ['01', '02', '03', '04'].map((hour) => `2026-11-21T${hour}:00 databases`)
    expect(recorder.begun).toEqual(hours)
  })

  test('comes back from a clock that was years ahead', async ({ expect }) => {
    const clock = new FakeClock('2038-01-19T00:30Z')
    const recorder = new Recorder(clock)
    await using _ = recorder.start({ jobs: [job('databases', 'hourly')] })
    await clock.passTo('2038-01-19T01:10Z')
    await clock.setTo('2026-11-21T00:30Z')
    await clock.passTo('2026-11-21T02:10Z')
    expect(recorder.begun.slice(1).map((line) => line.slice(0, 16))).toEqual([
      '2026-11-21T00:30',
      '2026-11-21T01:00',
      '2026-11-21T02:00',
    ])
  })

  test('begins in its hours what was due before', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T05:00Z')
    const recorder = new Recorder(clock)
    const nightly = { ...job('files', 'every 6h', 'UTC'), between: hours('22:00-06:00') }
    await using scheduler = recorder.start({ jobs: [nightly] })
    await clock.passTo('2026-11-21T12:30Z')
    expect(scheduler.nextStart('files')).toEqual(new Date('2026-11-21T22:00Z'))
    scheduler.request('files')
    await clock.passTo('2026-11-22T00:30Z')
    expect(recorder.begun).toEqual(['2026-11-21T22:00 files (3)', '2026-11-22T00:00 files'])
  })

  test('runs what is asked for, once for all that ask, and again when it runs already', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T05:00Z')
    const recorder = new Recorder(clock)
    await using scheduler = recorder.start({ jobs: [job('settings', 'manual')] })
    const end = recorder.hold('settings')
    expect([scheduler.request('settings'), scheduler.request('settings'), scheduler.request('absent')]).toEqual([
      true,
      true,
      false,
    ])
    await clock.passTo('2026-11-21T05:10Z')
    scheduler.request('settings')
    scheduler.request('settings')
    await clock.passTo('2026-11-21T05:20Z')
    end()
    await clock.passTo('2026-11-21T06:00Z')
    expect(recorder.begun).toEqual(['2026-11-21T05:00 settings (0)', '2026-11-21T05:20 settings (0)'])
    expect(scheduler.nextStart('settings')).toBeUndefined()
  })

  test('takes another list of jobs, and what runs goes on', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T00:30Z')
    const recorder = new Recorder(clock)
    await using scheduler = recorder.start({ jobs: [job('a', 'hourly'), job('b', 'hourly')], atOnce: 2 })
    const end = recorder.hold('a')
    await clock.passTo('2026-11-21T01:10Z')
    scheduler.replaceJobs([job('b', '30 * * * *'), job('c', '30 * * * *')])
    await clock.passTo('2026-11-21T01:20Z')
    expect(scheduler.running).toEqual(['a'])
    // It comes back while it runs: not a second time beside it.
    scheduler.replaceJobs([job('a', 'hourly'), job('b', '30 * * * *')])
    await clock.passTo('2026-11-21T02:10Z')
    end()
    await clock.passTo('2026-11-21T02:20Z')
    expect(recorder.begun).toEqual([
      '2026-11-21T01:00 a',
      '2026-11-21T01:00 b',
      '2026-11-21T01:30 b',
      '2026-11-21T02:10 a',
    ])
  })

  test('goes on after a run that failed', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T00:30Z')
    const failures: string[] = []
    await using _ = startScheduler({
      jobs: [job('databases', 'hourly')],
      clock,
      marks: () => ({ firstSeen: clock.now() }),
      run: async () => Promise.reject(new Error('no space')),
      onFailure: ({ name }, error) => failures.push(`${name}: ${(error as Error).message}`),
    })
    await clock.passTo('2026-11-21T02:30Z')
    expect(failures).toEqual(['databases: no space', 'databases: no space'])
  })

  test('is idle when all that was due has run, and what became due meanwhile', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T00:30Z')
    const first = new Recorder(clock)
    const jobs = [job('a', 'hourly'), job('b', '10 * * * *'), job('c', 'manual'), job('d', 'daily', 'UTC')]
    await clock.setTo('2026-11-21T01:05Z')
    const end = first.hold('a')
    await using scheduler = first.start({ jobs })
    const idle = scheduler.idle().then(() => first.begun.push('idle'))
    await clock.passTo('2026-11-21T01:20Z')
    expect(first.begun).toEqual(['2026-11-21T01:05 a'])
    end()
    await idle
    expect(first.begun).toEqual(['2026-11-21T01:05 a', '2026-11-21T01:20 b', 'idle'])
    await scheduler.idle()
    await scheduler[Symbol.asyncDispose]()
    await scheduler.idle()
  })

  test('that is stopped waits for what runs and begins nothing', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T00:30Z')
    const recorder = new Recorder(clock)
    const scheduler = recorder.start({ jobs: [job('a', 'hourly'), job('b', 'hourly')] })
    const end = recorder.hold('a')
    await clock.passTo('2026-11-21T01:10Z')
    const stopped = scheduler[Symbol.asyncDispose]().then(() => recorder.begun.push('stopped'))
    await clock.passTo('2026-11-21T01:20Z')
    expect(recorder.begun).toEqual(['2026-11-21T01:00 a'])
    end()
    await stopped
    expect(recorder.begun).toEqual(['2026-11-21T01:00 a', 'stopped'])
    expect(recorder.aborted).toEqual([])
  })

  test('that is aborted tells what runs', async ({ expect }) => {
    const clock = new FakeClock('2026-11-21T00:30Z')
    const recorder = new Recorder(clock)
    const controller = new AbortController()
    await using scheduler = recorder.start({
      jobs: [job('a', 'hourly'), job('b', 'hourly')],
      signal: controller.signal,
    })
    recorder.hold('a')
    await clock.passTo('2026-11-21T01:10Z')
    controller.abort()
    await clock.passTo('2026-11-21T01:20Z')
    expect(recorder.aborted).toEqual(['a'])
    expect(scheduler.running).toEqual([])
    expect(recorder.begun).toEqual(['2026-11-21T01:00 a'])
  })
})

/** Runs that end at once, unless they are held; what was begun outlives a scheduler, as a state file does. */
class Recorder {
  readonly begun: string[] = []
  readonly aborted: string[] = []
  readonly #clock: FakeClock
  readonly #marks: Map<string, Date>
  readonly #firstSeen: Date
  readonly #held = new Map<string, Promise<void>>()
  /** How long after its beginning a run wants to be tried again, run by run. */
  retries: number[] = []

  constructor(clock: FakeClock, earlier?: Recorder) {
    this.#clock = clock
    this.#marks = new Map(earlier ? earlier.#marks : [])
    this.#firstSeen = earlier ? earlier.#firstSeen : clock.now()
  }

  start(options: Pick<SchedulerOptions, 'jobs' | 'atOnce' | 'signal'>): Scheduler {
    return startScheduler({
      ...options,
      clock: this.#clock,
      marks: ({ name }) => ({ lastStarted: this.#marks.get(name), firstSeen: this.#firstSeen }),
      run: (job, occasion) => this.#run(job, occasion),
      onFailure: (_, error) => {
        throw error
      },
    })
  }

  /** The next runs of a job last until the function is called. */
  hold(name: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held.set(name, promise)
    return () => {
      this.#held.delete(name)
      resolve()
    }
  }

  async #run({ name }: ScheduledJob, { missed, signal }: Occasion): Promise<Date | undefined> {
    const now = this.#clock.now()
    this.#marks.set(name, now)
    this.begun.push(`${now.toISOString().slice(0, 16)} ${name}${missed === 1 ? '' : ` (${missed})`}`)
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => (this.aborted.push(name), resolve()), { once: true })
    })
    const held = this.#held.get(name)
    if (held) await Promise.race([held, aborted])
    const retryMs = this.retries.shift()
    return retryMs === undefined ? undefined : new Date(now.getTime() + retryMs)
  }
}

function job(name: string, text: string, timeZone = 'Europe/Berlin'): ScheduledJob {
  return { name, schedule: scheduleSchema.parse(text), timeZone }
}

function hours(text: string): NonNullable<ScheduledJob['between']> {
  const parsed = parseDailyHours(text)
  if ('problems' in parsed) throw new Error(parsed.problems.join())
  return parsed.value
}
