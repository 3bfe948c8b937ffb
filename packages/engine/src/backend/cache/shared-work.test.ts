import { test } from 'vitest'
import { SharedWork } from './shared-work.ts'

/** Work that ends when the test says so. */
function makeWork() {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const signals: AbortSignal[] = []
  const work = (signal: AbortSignal): Promise<string> => {
    signals.push(signal)
    return promise
  }
  return { work, resolve, reject, signals }
}

test('who wants the same at the same time gets it from one piece of work', async ({ expect }) => {
  const shared = new SharedWork<string>()
  const { work, resolve, signals } = makeWork()
  const results = [shared.run('a', work), shared.run('a', work), shared.run('b', work)]
  resolve('done')
  expect(await Promise.all(results)).toEqual(['done', 'done', 'done'])
  expect(signals).toHaveLength(2)
  await shared.run('a', work)
  expect(signals).toHaveLength(3)
})

test('all who wait see the same failure', async ({ expect }) => {
  const shared = new SharedWork<string>()
  const { work, reject } = makeWork()
  const results = [shared.run('a', work), shared.run('a', work)]
  const failure = new Error('out of luck')
  reject(failure)
  for (const result of results) await expect(result).rejects.toBe(failure)
})

test('an abort is only for the one who asked for it', async ({ expect }) => {
  const shared = new SharedWork<string>()
  const { work, resolve, signals } = makeWork()
  const impatient = new AbortController()
  const aborted = shared.run('a', work, impatient.signal)
  const patient = shared.run('a', work, new AbortController().signal)
  const reason = new Error('enough')
  impatient.abort(reason)
  await expect(aborted).rejects.toBe(reason)
  expect(signals[0]!.aborted).toBe(false)
  resolve('done')
  expect(await patient).toBe('done')
})

test('work that nobody waits for any more is stopped, and done anew for the next one', async ({ expect }) => {
  const shared = new SharedWork<string>()
  const { work, resolve, signals } = makeWork()
  const controller = new AbortController()
  const aborted = [shared.run('a', work, controller.signal), shared.run('a', work, controller.signal)]
  const reason = new Error('enough')
  controller.abort(reason)
  for (const result of aborted) await expect(result).rejects.toBe(reason)
  expect(signals.map((signal) => signal.reason)).toEqual([reason])
  const next = shared.run('a', work)
  expect(signals).toHaveLength(2)
  let hasEnded = false
  const ended = shared.ended().then(() => (hasEnded = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(hasEnded).toBe(false)
  resolve('done')
  expect(await next).toBe('done')
  await ended
})

test('who is aborted already starts nothing', async ({ expect }) => {
  const shared = new SharedWork<string>()
  const { work, signals } = makeWork()
  const reason = new Error('never mind')
  await expect(shared.run('a', work, AbortSignal.abort(reason))).rejects.toBe(reason)
  expect(signals).toEqual([])
})
