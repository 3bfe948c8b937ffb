import { test } from 'vitest'
import { systemClock } from './system-clock.ts'

test('waiting ends when its time has come, or when it is called off', async ({ expect }) => {
  const never = new AbortController().signal
  const until = new Date(systemClock.now().getTime() + 20)
  while (systemClock.now() < until) await systemClock.sleep(until, never)
  expect(systemClock.now().getTime()).toBeGreaterThanOrEqual(until.getTime())
  await systemClock.sleep(new Date(0), never)
  const stop = new AbortController()
  const far = systemClock.sleep(new Date(Date.now() + 1e9), stop.signal)
  stop.abort()
  await far
  await systemClock.sleep(new Date(Date.now() + 1e9), stop.signal)
})
