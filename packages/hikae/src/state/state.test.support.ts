import { makeTempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import { ownProcess, type ProcessOrigin } from './process-origin.ts'
import type { RunId, RunOutcome, SourceResult } from './run-record.ts'
import { openState, type State } from './state.ts'

const MINUTE_MS = 60_000

/** Every look at the clock is a minute later than the last; it can be set. */
export class TestClock {
  ms = Date.UTC(2026, 10, 1)

  readonly now = (): number => {
    this.ms += MINUTE_MS
    return this.ms
  }
}

/** A process that is not: its number was never given out. */
export const GONE: ProcessOrigin = { ...ownProcess(), pid: 2 ** 22 + 1 }

export const test = base
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
  .extend('folder', async ({}, { onCleanup }) => {
    const folder = await makeTempDir()
    onCleanup(() => folder[Symbol.asyncDispose]())
    return folder.join('state', 'stack')
  })
  .extend('clock', () => new TestClock())
  .extend('open', async ({ folder, clock }, { onCleanup }) => {
    const opened = new AsyncDisposableStack()
    onCleanup(() => opened.disposeAsync())
    let chance = 0
    const random = (): number => (chance = (chance + 0.001) % 1)
    return (origin: ProcessOrigin = ownProcess()): State =>
      opened.use(openState(folder, { clock: clock.now, random, origin }))
  })
  .extend('state', ({ open }) => open())

export function sourceResult(source: string, changes: Partial<SourceResult> = {}): SourceResult {
  return {
    source,
    kind: 'files',
    outcome: 'succeeded',
    startedAt: '2026-11-01T00:00:00.000Z',
    seconds: 12.5,
    bytes: 1000,
    files: 10,
    isEmpty: false,
    addedBytes: 100,
    storedBytes: 50,
    snapshots: { usb: 'ab'.repeat(32) },
    findings: [],
    ...changes,
  }
}

export const START = { stack: 'shop', job: 'nightly', trigger: 'schedule', program: '0.1.0' } as const

/** A whole run of one source. */
export function addRun(
  { runs }: State,
  clock: TestClock,
  { job = START.job, outcome = 'succeeded', ...changes }: RunChanges = {},
): RunId {
  const { id } = runs.begin({ ...START, job })
  const startedAt = new Date(clock.now()).toISOString()
  const source = sourceResult(changes.source ?? 'db', { startedAt, outcome: sourceOutcome(outcome), ...changes })
  runs.addSource(id, source)
  runs.end(id, outcome)
  return id
}

interface RunChanges extends Partial<Omit<SourceResult, 'outcome'>> {
  readonly job?: string
  readonly outcome?: RunOutcome
}

function sourceOutcome(outcome: RunOutcome): SourceResult['outcome'] {
  return outcome === 'interrupted' ? 'failed' : outcome
}
