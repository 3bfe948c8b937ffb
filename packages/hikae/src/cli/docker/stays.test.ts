import { describe, expect, test } from 'vitest'
import type { Volume } from '../../sources/docker-volumes/volume.ts'
import { staysByItself, staysUnsaved } from './stays.ts'
import type { VolumeUse } from './volume-uses.ts'

const DAY_MS = 86_400_000
const nowMs = Date.parse('2026-11-22T00:00:00Z')

function volume(more: Partial<Volume> = {}): Volume {
  const empty = { options: {}, labels: {} }
  return { name: 'data', driver: 'local', scope: 'local', mountpoint: '/v/data/_data', ...empty, ...more }
}

function use(more: Partial<VolumeUse> = {}): VolumeUse {
  return { volume: volume(), users: [], services: [], isProjectThere: false, ...more }
}

function reasonOf(given: VolumeUse, more: Partial<Parameters<typeof staysByItself>[1]> = {}): string | undefined {
  return staysByItself(given, { isNamed: false, all: [given.volume], olderThanMs: 0, nowMs, ...more })?.reason
}

describe('a volume', () => {
  test('that nobody uses is for the backups to decide', () => {
    expect(reasonOf(use())).toBeUndefined()
  })

  test.each([
    ['in-use', use({ users: ['app'] })],
    ['kept-by-restore', use({ volume: volume({ labels: { 'hikae.kept': 'data', 'hikae.source': 'uploads' } }) })],
    ['left-by-restore', use({ volume: volume({ labels: { 'hikae.new': 'data' } }) })],
    ['excluded', use({ volume: volume({ labels: { 'hikae.exclude': 'true' } }) })],
    ['global', use({ volume: volume({ scope: 'global' }) })],
    ['elsewhere', use({ volume: volume({ options: { type: 'nfs', device: ':/data' } }) })],
    ['elsewhere', use({ volume: volume({ driver: 'rclone' }) })],
  ] as const)('stays whether it is named or not: %s', (reason, given) => {
    expect(reasonOf(given)).toBe(reason)
    expect(reasonOf(given, { isNamed: true })).toBe(reason)
  })

  test('that is being filled stays', () => {
    const filling = volume({ name: 'data.hikae-filling', labels: { 'hikae.filling': 'data' } })
    expect(reasonOf(use(), { all: [volume(), filling], isNamed: true })).toBe('left-by-restore')
  })

  test('of a project that is down, or of a service, stays unless it is named', () => {
    expect(reasonOf(use({ project: 'shop' }))).toBe('project')
    expect(reasonOf(use({ services: ['web'] }))).toBe('service')
    expect(reasonOf(use({ project: 'shop', services: ['web'] }), { isNamed: true })).toBeUndefined()
    expect(reasonOf(use({ project: 'shop', isProjectThere: true }))).toBeUndefined()
  })

  test('that is younger than asked for stays', () => {
    const young = use({ volume: volume({ createdAt: new Date(nowMs - DAY_MS) }) })
    expect(reasonOf(young, { olderThanMs: 2 * DAY_MS })).toBe('too-young')
    expect(reasonOf(young, { olderThanMs: DAY_MS / 2 })).toBeUndefined()
  })

  test('in no snapshot stays; when not all could be asked, that is trouble', () => {
    expect(staysUnsaved(volume(), true)).toMatchObject({ reason: 'no-snapshot', message: 'is in no snapshot' })
    expect(staysUnsaved(volume({ name: 'a'.repeat(64) }), true).message).toBe('has no name, and is in no snapshot')
    expect(staysUnsaved(volume(), false).reason).toBe('unreadable')
  })
})
