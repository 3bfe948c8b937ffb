import type { SnapshotId, StoredSnapshot, TreeId } from '@hikae/engine'
import { describe, test } from 'vitest'
import type { SourceKind } from '../sources/source-kind.ts'
import { scheduleSchema } from '../schedules/schedule-schema.ts'
import { type JobOnTime, sourceStatuses } from './source-status.ts'

const HOUR_MS = 3_600_000
const now = new Date('2026-11-21T12:00:00Z')

function job(more: Partial<JobOnTime> = {}): JobOnTime {
  const kind = { name: 'files' } as SourceKind
  return {
    name: 'nightly',
    sources: [{ name: 'uploads', kind, config: {}, expectations: { mostShrinkage: 1, mayBeEmpty: false } }],
    repositories: ['usb', 'offsite'],
    keep: 'forever',
    hooks: { before: [], after: [], success: [], failure: [] },
    limits: {},
    objectives: {},
    schedule: scheduleSchema.parse('daily at 02:00'),
    timeZone: 'UTC',
    ...more,
  }
}

function snapshot(time: string, more: readonly string[] = []): StoredSnapshot {
  return {
    id: time as SnapshotId,
    time,
    tree: '' as TreeId,
    paths: [],
    tags: ['hikae', 'stack=shop', 'source=uploads', `run=${time}`, ...more],
  }
}

function statusOf(jobs: readonly JobOnTime[], held: Readonly<Record<string, readonly StoredSnapshot[] | undefined>>) {
  const facts = Object.entries(held).map(([repository, snapshots]) => ({ repository, ...(snapshots && { snapshots }) }))
  return sourceStatuses(jobs, { stack: 'shop', held: facts, now })[0]!
}

const today = snapshot('2026-11-21T02:00:00Z')
const dayBefore = snapshot('2026-11-20T02:00:00Z')

describe('a source', () => {
  test('is as fresh as its last good point, wherever that is', ({ expect }) => {
    expect(statusOf([job()], { usb: [dayBefore], offsite: [dayBefore, today] })).toMatchObject({
      verdict: 'fresh',
      lastGood: new Date(today.time),
      heldBy: ['offsite'],
      missingFrom: ['usb'],
      next: new Date('2026-11-22T02:00:00Z'),
    })
  })

  test('counts on nobody who cannot be reached, and not on snapshots of others', ({ expect }) => {
    const foreign = { ...today, tags: ['hikae', 'stack=another', 'source=uploads'] }
    expect(statusOf([job()], { usb: [foreign], offsite: undefined })).toMatchObject({
      verdict: 'never',
      missingFrom: ['usb', 'offsite'],
    })
  })

  test('is not fresh by a snapshot from which something is missing', ({ expect }) => {
    const poor = snapshot('2026-11-21T03:00:00Z', ['incomplete'])
    expect(statusOf([job()], { usb: [dayBefore, poor] }).lastGood).toEqual(new Date(dayBefore.time))
  })

  test('is overdue when it is older than promised, by the strictest of its jobs', ({ expect }) => {
    const promising = (rpoMs: number) => job({ objectives: { rpoMs } })
    expect(statusOf([promising(11 * HOUR_MS)], { usb: [today] }).verdict).toBe('fresh')
    expect(statusOf([promising(9 * HOUR_MS), promising(99 * HOUR_MS)], { usb: [today] })).toMatchObject({
      verdict: 'overdue',
      rpoMs: 9 * HOUR_MS,
    })
  })

  test('without a promise is overdue when two times of its schedule have passed', ({ expect }) => {
    const old = snapshot('2026-11-19T02:00:30Z')
    expect(statusOf([job()], { usb: [dayBefore] }).verdict).toBe('fresh')
    expect(statusOf([job()], { usb: [old] }).verdict).toBe('overdue')
    expect(statusOf([job({ schedule: { kind: 'manual' } })], { usb: [old] }).verdict).toBe('fresh')
  })
})
