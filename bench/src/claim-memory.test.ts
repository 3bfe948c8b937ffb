import { expect, test } from 'vitest'
import { claimMemory } from './claim-memory.ts'

test('small data has little memory written to, and the run is told how much', async () => {
  expect(await claimMemory(1e-6, new AbortController().signal)).toMatch(/^wrote to 0\.0 GB of free memory once/)
})
