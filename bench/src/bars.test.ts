import { expect, test } from 'vitest'
import { judge } from './bars.ts'
import type { RepositorySize, Sample } from './samples.ts'

const sample = (tool: Sample['tool'], seconds: number, peakMemoryBytes = 1e6): Sample => ({
  work: 'backup mixed',
  dataSet: 'mixed',
  tool,
  round: 1,
  seconds,
  peakMemoryBytes,
})

const barFor = (work: string, samples: Sample[], sizes: RepositorySize[] = []) =>
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

test('a repository may be two per cent larger, before and after prune', () => {
  for (const after of ['backup', 'prune'] as const) {
    const size = (tool: Sample['tool'], bytes: number) => ({ dataSet: 'mixed', after, tool, round: 1, bytes }) as const
    const other = { ...size('hikae', 500), after: after === 'backup' ? 'prune' : 'backup' } as const
    const work = `size after ${after} mixed`
    expect(barFor(work, [], [size('hikae', 102), size('restic', 100), other])?.isMet).toBe(true)
    expect(barFor(work, [], [size('hikae', 103), size('restic', 100), other])?.isMet).toBe(false)
  }
})

test("the highest memory of all of hikae's work counts, and of no other tool", () => {
  const samples = [sample('hikae', 1, 300e6), sample('hikae', 1, 600e6), sample('borg', 1, 900e6)]
  expect(barFor('peak memory usual', samples)).toMatchObject({ measured: 600, isMet: false })
})

test('the memory of the huge data sets is judged by data set, and apart from the usual ones', () => {
  const million: Sample = { ...sample('hikae', 1, 900e6), work: 'backup million', dataSet: 'million' }
  const sparse: Sample = { ...sample('hikae', 1, 600e6), work: 'backup sparse', dataSet: 'sparse' }
  const samples = [sample('hikae', 1, 300e6), million, sparse]
  expect(barFor('peak memory usual', samples)).toMatchObject({ section: 'usual', measured: 300, isMet: true })
  expect(barFor('peak memory million', samples)).toMatchObject({ section: 'huge', measured: 900, isMet: true })
  expect(barFor('peak memory sparse', samples)).toMatchObject({ section: 'huge', measured: 600, isMet: false })
})

test('each way to save a volume is a rival of its own', () => {
  const of = (tool: Sample['tool'], work: 'backup' | 'next-day', seconds: number): Sample => ({
    ...sample(tool, seconds),
    work: `${work} volume`,
    dataSet: 'volume',
  })
  const ours = of('hikae', 'backup', 10)
  const samples = [
    ours,
    of('helper-pgzip', 'backup', 15),
    of('helper-gzip', 'backup', 40),
    of('run-gzip', 'backup', 20),
  ]
  const bars = judge({ samples, sizes: [] }).filter(({ section }) => section === 'volume')
  expect(bars.filter(({ work }) => work === 'backup volume')).toMatchObject([
    { promise: "≥ 3× as fast as offen's way", measured: 1.5, isMet: false },
    { promise: '≥ 3× as fast as a helper container with tar and gzip', measured: 4, isMet: true },
    { promise: '≥ 3× as fast as docker run and gzip', measured: 2, isMet: false },
  ])
  const next = judge({ samples: [of('hikae', 'next-day', 2), of('helper-pgzip', 'next-day', 39)], sizes: [] })
  expect(next.find(({ work }) => work === 'next-day volume')).toMatchObject({ measured: 19.5, isMet: false })
})

test('reading a volume through the engine counts for the memory of hikae, and containers of others do not', () => {
  const of = (tool: Sample['tool'], megabytes: number): Sample => ({
    ...sample(tool, 1, megabytes * 1e6),
    work: 'backup volume',
    dataSet: 'volume',
  })
  const samples = [of('hikae', 200), of('hikae-archive', 300), of('run-gzip', 900)]
  expect(barFor('peak memory volume', samples)).toMatchObject({ section: 'volume', measured: 300, isMet: true })
})
