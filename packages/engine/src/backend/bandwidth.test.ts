import { describe, expect, test } from 'vitest'
import { Bandwidth } from './bandwidth.ts'

/** A clock that only sleeping moves. */
function fakeClock() {
  const clock = {
    ms: 0,
    now: () => clock.ms,
    sleep: async (ms: number, signal: AbortSignal | undefined) => {
      signal?.throwIfAborted()
      clock.ms += ms
    },
  }
  return clock
}

describe('Bandwidth', () => {
  test('spreads bytes over time, after the first piece, which goes at once', async () => {
    const clock = fakeClock()
    const bandwidth = new Bandwidth({ uploadBytesPerSecond: 1000 }, clock)
    await bandwidth.send(500)
    expect(clock.ms).toBe(0)
    await bandwidth.send(500)
    expect(clock.ms).toBe(500)
    await bandwidth.send(1)
    expect(clock.ms).toBe(1000)
  })

  test('is shared by all who send at the same time', async () => {
    const starts: number[] = []
    const bandwidth = new Bandwidth(
      { uploadBytesPerSecond: 1000 },
      { now: () => 0, sleep: async (ms) => void starts.push(ms) },
    )
    await Promise.all([1, 2, 3, 4].map(() => bandwidth.send(100)))
    expect(starts).toEqual([100, 200, 300])
  })

  test('gives no credit for time in which nothing was sent', async () => {
    const clock = fakeClock()
    const bandwidth = new Bandwidth({ downloadBytesPerSecond: 1000 }, clock)
    await bandwidth.receive(100)
    clock.ms = 10_000
    await bandwidth.receive(1000)
    await bandwidth.receive(1)
    expect(clock.ms).toBe(11_000)
  })

  test('has its own limit for each direction, and none where none is given', async () => {
    const clock = fakeClock()
    const bandwidth = new Bandwidth({ uploadBytesPerSecond: 10 }, clock)
    for (let turn = 0; turn < 10; turn++) await bandwidth.receive(1_000_000)
    expect(clock.ms).toBe(0)
    expect([bandwidth.limitsUpload, bandwidth.limitsDownload]).toEqual([true, false])
  })

  test('stops waiting when its signal aborts', async () => {
    const bandwidth = new Bandwidth({ uploadBytesPerSecond: 0.001 })
    const controller = new AbortController()
    await bandwidth.send(1)
    const waiting = bandwidth.send(1, controller.signal)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })
})
