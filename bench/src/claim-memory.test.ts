import { expect, test } from 'vitest'
import { claimMemory, memoryFor } from './claim-memory.ts'

const { signal } = new AbortController()

test('memory is written to by a program that ends', async () => {
  expect(await claimMemory(100e6, signal)).toBeUndefined()
})

test('large data has more memory written to', () => {
  expect(memoryFor(4e9)).toBeGreaterThan(memoryFor(800e6))
  expect(memoryFor(0)).toBeGreaterThan(0)
})
