import { createServer } from 'node:net'
import { once } from 'node:events'
import { makeTempDir } from '@hikae/testkit'
import { expect, test } from 'vitest'
import { askScheduler, schedulerSocket, type SchedulerSign } from './ask-scheduler.ts'
import { becomeOnlyScheduler } from './only-scheduler.ts'
import { healthOf } from './tell-health.ts'

const NOW = Date.parse('2026-11-22T03:00:00Z')

async function healthWith(sign: SchedulerSign): Promise<string> {
  await using dir = await makeTempDir()
  await using _ = (await becomeOnlyScheduler(dir.path, () => sign))!
  const { isServing, what } = healthOf(await askScheduler(dir.path), NOW)
  return `${isServing ? 'healthy' : 'ill'}: ${what}`
}

const daemon = { role: 'daemon', pid: 1, running: [] as string[] } as const

test.for([
  { sign: { ...daemon, lookedAt: '2026-11-22T02:59:30.000Z' }, says: 'healthy: the daemon serves the schedules' },
  { sign: { ...daemon, lookedAt: '2026-11-22T02:00:00.000Z' }, says: /^ill: .*not looked for 60 minutes/ },
  { sign: daemon, says: 'ill: the daemon is starting' },
  { sign: { ...daemon, role: 'due' as const }, says: /^ill: no daemon/ },
])('$says', async ({ sign, says }) => {
  expect(await healthWith(sign)).toMatch(says)
})

test('nobody is there', async () => {
  await using dir = await makeTempDir()
  expect(await askScheduler(dir.path)).toEqual({ kind: 'absent' })
})

test('one that hangs takes connections, and is silent', async () => {
  await using dir = await makeTempDir()
  const server = createServer(() => undefined).listen(schedulerSocket(dir.path))
  await once(server, 'listening')
  expect(await askScheduler(dir.path, 50)).toEqual({ kind: 'silent' })
  server.close()
})
