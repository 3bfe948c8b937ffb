import { expect, test } from 'vitest'
import { judge } from '../bars.ts'
import type { RepositorySize, Sample } from '../samples.ts'
import { resultsOf, type Results, writeTables } from './tables.ts'
import { english, japanese } from './words.ts'

const sample = (work: Sample['work'], dataSet: Sample['dataSet']): Sample => ({
  work,
  dataSet,
  tool: 'hikae',
  round: 1,
  seconds: 12.3,
  peakMemoryBytes: 234e6,
})

const size = (dataSet: RepositorySize['dataSet'], after: RepositorySize['after'], bytes: number): RepositorySize => ({
  dataSet,
  after,
  tool: 'hikae',
  round: 1,
  bytes,
})

const facts = { files: 2, bytes: 5e6 }

const results: Results = {
  date: '2026-01-02',
  machine: { processor: 'a processor', cores: 2, memoryGigabytes: 25, system: 'Linux', node: 'v24.0.0' },
  rounds: 1,
  scale: 1,
  tools: [{ name: 'hikae', title: 'hikae 1.0' }],
  data: [
    { name: 'mixed', facts },
    { name: 'blobs', facts },
  ],
  samples: [sample('version mixed', 'mixed'), sample('prune blobs', 'blobs')],
  sizes: [size('mixed', 'backup', 300e6), size('blobs', 'backup', 200e6), size('blobs', 'prune', 100e6)],
  bars: judge({ samples: [], sizes: [] }),
}

/** The first cells of all rows of all tables. */
function rowsIn(tables: string): string[] {
  return tables.split('\n').flatMap((line) => /^\| (.*?) +\|/.exec(line)?.[1] ?? [])
}

function cellsOf(lines: string): string[] {
  return lines
    .split('\n')[0]!
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

test('each section tells of its own data sets only', () => {
  const usual = rowsIn(writeTables(resultsOf('usual', results)!, english))
  expect(usual).toContain('print the version')
  expect(usual.filter((row) => /blobs/.test(row))).toEqual([])
  const huge = rowsIn(writeTables(resultsOf('huge', results)!, english))
  expect(huge).toContain('peak memory, two million blobs')
  expect(huge.filter((row) => /mixed|version/.test(row))).toEqual([])
})

test('a section of which nothing was measured has no results', () => {
  const { data, ...rest } = results
  expect(resultsOf('huge', { ...rest, data: data.filter(({ name }) => name === 'mixed') })).toBeUndefined()
})

test('a repository that was pruned has its size before and after in the table', () => {
  const huge = writeTables(resultsOf('huge', results)!, english)
  expect(huge).toMatch(/^\| two million blobs +\| +200 \|$/m)
  expect(huge).toMatch(/^\| two million blobs, after prune +\| +100 \|$/m)
  expect(writeTables(resultsOf('usual', results)!, english)).not.toMatch(/, after prune +\|/)
})

test('with volumes, each way has a column, and ratios are against the helper container', () => {
  const of = (tool: Sample['tool'], seconds: number): Sample => ({
    ...sample('backup volume', 'volume'),
    tool,
    seconds,
  })
  const volume: Results = {
    ...results,
    data: [{ name: 'volume', facts }],
    samples: [of('hikae', 10), of('hikae-archive', 20), of('helper-pgzip', 40), of('run-tar', 5)],
    sizes: [size('volume', 'backup', 100e6), size('volume', 'week', 120e6)],
  }
  const tables = writeTables(resultsOf('volume', volume)!, english)
  const times = /^\| work .*$\n.*\n(.*)$/m.exec(tables.slice(tables.indexOf(english.titles.time)))!
  expect(cellsOf(times[0])).toEqual([
    ...['work', 'hikae 1.0', 'hikae, through the engine', 'helper: as offen does', 'docker run: tar'],
    'helper: as offen does ÷ hikae',
  ])
  expect(cellsOf(times[1]!)).toEqual(['first backup, Docker volume', '10.0', '20.0', '40.0', '5.00', '4.00×'])
  expect(rowsIn(tables)).toContain('Docker volume, all of seven days')
})

test('who was measured with none of the data of a section has no column there', () => {
  const borg = { name: 'borg', title: 'borg 1.2' } as const
  const usual = writeTables(resultsOf('usual', { ...results, tools: [...results.tools, borg] })!, english)
  expect(usual).not.toContain('borg')
})

test.for([
  { language: 'English', words: english },
  { language: 'Japanese', words: japanese },
])('every bar has a name in $language', ({ words }) => {
  expect(results.bars.filter(({ work }) => words.work[work] === undefined)).toEqual([])
})

test('promises are told in Japanese too', () => {
  expect(
    results.bars.map(({ promise }) => japanese.promise(promise)).filter((text) => / as |the time/.test(text)),
  ).toEqual([])
})
