import { describe, test, vi } from 'vitest'
import { Quota } from './quota.ts'

async function quotaOf(maxBytes: number, stored = 0): Promise<Quota> {
  return Quota.open(maxBytes, () => Promise.resolve(stored))
}

test('what is stored at the start counts', async ({ expect }) => {
  const quota = await quotaOf(100, 90)
  using upload = quota.reservation()
  await expect(upload.grow(11)).rejects.toMatchObject({ status: 507 })
  await upload.grow(10)
  expect(quota.usedBytes).toBe(100)
})

test('an upload that fails gives its space back, one that is stored keeps it', async ({ expect }) => {
  const quota = await quotaOf(100)
  {
    using failed = quota.reservation()
    await failed.grow(60)
  }
  expect(quota.usedBytes).toBe(0)
  {
    using stored = quota.reservation()
    await stored.grow(40)
    await stored.grow(20)
    stored.keep()
  }
  expect(quota.usedBytes).toBe(60)
  quota.removed(60)
  expect(quota.usedBytes).toBe(0)
})

test('uploads at the same time share the space', async ({ expect }) => {
  const quota = await quotaOf(100)
  const uploads = Array.from({ length: 10 }, () => quota.reservation())
  const outcomes = await Promise.allSettled(uploads.map((upload) => upload.grow(30)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
  expect(quota.usedBytes).toBe(90)
})

describe('when somebody else removes files', () => {
  test('they are counted again before an upload is refused, but not all the time', async ({ expect }) => {
    let stored = 100
    let counts = 0
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const quota = await Quota.open(100, () => Promise.resolve((counts++, stored)))
      stored = 20
      using upload = quota.reservation()
      await expect(upload.grow(50)).rejects.toMatchObject({ status: 507 })
      vi.setSystemTime(Date.now() + 61_000)
      await upload.grow(50)
      expect(quota.usedBytes).toBe(70)
      await expect(upload.grow(50)).rejects.toMatchObject({ status: 507 })
      expect(counts).toBe(2)
    } finally {
      vi.useRealTimers()
    }
  })

  test('what is stored while files are counted is never missed', async ({ expect }) => {
    const counted = Promise.withResolvers<number>()
    const answers = [Promise.resolve(0), counted.promise]
    const quota = await Quota.open(100, () => answers.shift()!)
    const counting = quota.countAgain()
    using upload = quota.reservation()
    await upload.grow(30)
    upload.keep()
    counted.resolve(10)
    await counting
    expect(quota.usedBytes).toBe(40)
  })
})
