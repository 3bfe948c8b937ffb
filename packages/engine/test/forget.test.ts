import * as fc from 'fast-check'
import { test as base } from 'vitest'
import { NothingKeptError, openLocalBackend, openRepository, planForget } from '@hikae/engine'
import type { ForgetPlan, KeepPolicy, SnapshotId, StoredSnapshot, TreeId } from '@hikae/engine'
import { findRestic, makeCheapRepository, makeTempDir, Restic, skipBecause } from '@hikae/testkit'
import { durationText, histories, policies, storedTime } from '../src/operations/forget/simple-policy.test.support.ts'
import { encodeSnapshot } from '../src/snapshot/codec.ts'

const PASSWORD = 'correct horse'
/** Older ones do not keep the oldest snapshot within a time. */
const binary = await findRestic('0.17.0')
const noRestic = skipBecause(
  binary === undefined ? 'no restic 0.17 or newer: run script/fetch-program restic' : undefined,
)

const GROUPS = 60
const POLICIES = 40
const SEED = 20261121
const SLOWEST_RUN_MS = 180_000

/** Its clocks change on 29 March and 25 October 2026 at 1:00 UTC. */
const ZONE = 'Europe/Berlin'
const NO_TIME = { years: 0, months: 0, days: 0, hours: 0 }
const ACROSS_CHANGES: KeepPolicy[] = [
  { within: { ...NO_TIME, days: 1 } },
  { within: { ...NO_TIME, hours: 24 } },
  { withinPeriods: { hourly: { ...NO_TIME, days: 1, hours: 1 } } },
]

/** A day across a change of clocks, every half hour, newest first; the newest is of the clock time that exists once. */
function dayAcrossChange(newest: string): StoredSnapshot[] {
  return Array.from({ length: 56 }, (_, halfHours) => {
    const ms = Date.parse(newest) - halfHours * 1_800_000
    const ahead = zoneOffset(ms / 1000) === 7200 ? '+02:00' : '+01:00'
    const ids = { id: '2'.repeat(64) as SnapshotId, tree: '1'.repeat(64) as TreeId }
    return { ...ids, time: storedTime(ms, ahead), paths: ['/srv'] }
  })
}

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** A repository with a generated history of each of many hosts. */
const test = base.extend('filled', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  await makeCheapRepository(dir.join('repository'), PASSWORD)
  const nowMs = Date.now()
  const generated = [
    ...fc.sample(histories(nowMs), { numRuns: GROUPS, seed: SEED }),
    ...['2026-03-30T02:30:00+02:00', '2026-03-29T12:00:00+02:00', '2026-10-26T02:30:00+01:00'].map(dayAcrossChange),
  ]
  await using repository = await openRepository(await openLocalBackend(dir.join('repository')), { password: PASSWORD })
  const snapshots: StoredSnapshot[] = []
  for (const [host, history] of generated.entries()) {
    for (const { id: _, ...snapshot } of history) {
      // What lies in the future has to lie there when restic looks, too.
      const aheadMs = Date.parse(snapshot.time) - nowMs
      if (aheadMs > 0 && aheadMs < SLOWEST_RUN_MS) continue
      const stored = { ...snapshot, hostname: `host${host}` }
      snapshots.push({ ...stored, id: await repository.writeUnpacked('snapshot', encodeSnapshot(stored)) })
    }
  }
  return { folder: dir.join('repository'), snapshots, now: BigInt(nowMs) * 1_000_000n }
})
// oxlint-enable no-empty-pattern

function flags(policy: KeepPolicy): string[] {
  const { last = 0, counts = {}, within, withinPeriods = {}, tags = [] } = policy
  const counted = Object.entries({ last, ...counts }).map(([name, count]) => [`--keep-${name}`, count].join('='))
  const durations = Object.entries({ ...(within ? { '': within } : {}), ...withinPeriods })
  return [
    ...counted,
    ...durations.map(([period, duration]) => {
      const name = ['keep-within', ...(period ? [period] : [])].join('-')
      return `--${name}=${durationText(duration) || '0h'}`
    }),
    ...tags.map((list) => `--keep-tag=${list.join(',')}`),
  ]
}

interface ResticGroup {
  readonly host: string
  readonly keep: readonly { readonly id: string }[] | null
  readonly remove: readonly { readonly time: string; readonly tags?: readonly string[] }[] | null
  readonly reasons: readonly {
    readonly snapshot: { readonly time: string; readonly tags?: readonly string[] }
    readonly matches: readonly string[]
  }[]
}

const line = (host: string, time: string, tags: readonly string[] = [], reasons: readonly string[] = []) =>
  [host, time.replace('+00:00', 'Z'), tags.join(','), reasons.join(' | ') || 'REMOVE'].join('  ')

/** Snapshots of the same instant are only distinguished by what may be a reason: restic has no order among them. */
function linesOfRestic(groups: readonly ResticGroup[]): string[] {
  return groups
    .flatMap(({ host, remove, reasons }) => [
      ...reasons.map(({ snapshot, matches }) => line(host, snapshot.time, snapshot.tags, matches)),
      ...(remove ?? []).map(({ time, tags }) => line(host, time, tags)),
    ])
    .sort()
}

/** With what only we keep among the removed. */
function linesOfPlan({ groups }: ForgetPlan): string[] {
  return groups
    .flatMap(({ hostname = '', keep, remove }) => [
      ...keep.map(({ snapshot, reasons }) => {
        const isOurs = reasons[0] === 'last good snapshot'
        return line(hostname, snapshot.time, snapshot.tags, isOurs ? [] : reasons)
      }),
      ...remove.map(({ time, tags }) => line(hostname, time, tags)),
    ])
    .sort()
}

function zoneOffset(seconds: number): number {
  const parts = new Date(seconds * 1000).toLocaleString('en', { timeZone: ZONE, timeZoneName: 'longOffset' })
  return parts.endsWith('+02:00') ? 7200 : 3600
}

test.skipIf(noRestic)('restic keeps the same snapshots for the same reasons', async ({ filled, expect }) => {
  const { folder, snapshots, now } = filled
  const restic = new Restic({ binary: binary!, repository: folder, password: PASSWORD, env: { TZ: ZONE } })
  let compared = 0
  for (const policy of [...ACROSS_CHANGES, ...fc.sample(policies, { numRuns: POLICIES, seed: SEED })]) {
    const what = JSON.stringify(policy)
    const { exitCode, stdout, stderr } = await restic.run(['forget', '-n', '--no-lock', '--json', ...flags(policy)])
    let plan: ForgetPlan
    try {
      plan = planForget(snapshots, policy, { now, zone: zoneOffset })
    } catch (error) {
      expect(error, what).toBeInstanceOf(NothingKeptError)
      expect(stderr, what).toContain('refusing to delete last snapshot')
      continue
    }
    expect(exitCode, `${what} ${stderr}`).toBe(0)
    expect(linesOfPlan(plan), what).toEqual(linesOfRestic(JSON.parse(stdout) as ResticGroup[]))
    compared++
  }
  expect(compared).toBeGreaterThan(POLICIES / 2)
})
