import { expect, test } from 'vitest'
import { judge } from './bars.ts'
import type { Sample } from './samples.ts'

const sample = (tool: Sample['tool'], seconds: number, peakMemoryBytes = 1e6): Sample => ({
  work: 'backup mixed',
  tool,
  round: 1,
  seconds,
  peakMemoryBytes,
})

const barFor = (work: string, samples: Sample[], sizes: Parameters<typeof judge>[0]['sizes'] = []) =>
  judge({ samples, sizes }).find((bar) => bar.work === work)

test('a bar is met at its limit and missed below it', () => {
  expect(barFor('backup mixed', [sample('hikae', 1), sample('restic', 2)])).toMatchObject({ measured: 2, isMet: true })
  expect(barFor('backup mixed', [sample('hikae', 1), sample('restic', 1.9)])).toMatchObject({ isMet: false })
})

test('what was not measured is neither met nor missed', () => {
  const bar = barFor('backup mixed', [sample('hikae', 1)])
  expect(bar?.measured).toBeUndefined()
  expect(bar?.isMet).toBeUndefined()
})

test('a repository may be two per cent larger', () => {
  const size = (tool: Sample['tool'], bytes: number) => ({ dataSet: 'mixed', tool, round: 1, bytes }) as const
  expect(barFor('repository mixed', [], [size('hikae', 102), size('restic', 100)])?.isMet).toBe(true)
  expect(barFor('repository mixed', [], [size('hikae', 103), size('restic', 100)])?.isMet).toBe(false)
})

test("the highest memory of all of hikae's work counts, and of no other tool", () => {
  const samples = [sample('hikae', 1, 300e6), sample('hikae', 1, 600e6), sample('borg', 1, 900e6)]
  expect(barFor('peak memory, all but a million files', samples)).toMatchObject({ measured: 600, isMet: false })
})
