import type { Bar } from '../bars.ts'
import type { DataSetFacts, DataSetName } from '../data/data-set.ts'
import { isIn, type SectionName } from '../data/sections.ts'
import type { Machine } from '../machine.ts'
import { type Contender, median, ratioByRound, type RepositorySize, type Sample, type Work } from '../samples.ts'
import type { ToolName } from '../tools/tool.ts'
import { volumeWayNames } from '../volumes/volume-way.ts'
import { markdownTable } from './markdown.ts'
import type { Words } from './words.ts'

/** Everything one run of the benchmark found out; also what `--json` writes. */
export interface Results {
  date: string
  machine: Machine
  rounds: number
  scale: number
  tools: { name: ToolName; title: string }[]
  data: { name: DataSetName; facts: DataSetFacts }[]
  samples: Sample[]
  sizes: RepositorySize[]
  bars: Bar[]
}

/** What is told in one place of the page. */
export interface SectionResults extends Results {
  section: SectionName
}

/** Against whom the ratios in the tables are. */
const rivals: Readonly<Record<SectionName, Contender>> = {
  usual: 'restic',
  huge: 'restic',
  remote: 'restic',
  volume: 'helper-pgzip',
}

/** What a run found out about the data sets of one section; undefined when it measured none of them. */
export function resultsOf(section: SectionName, results: Results): SectionResults | undefined {
  const isMeant = (dataSet: DataSetName): boolean => isIn(section, dataSet)
  const data = results.data.filter(({ name }) => isMeant(name))
  if (data.length === 0) return undefined
  const samples = results.samples.filter(({ dataSet }) => isMeant(dataSet))
  return {
    ...results,
    section,
    tools: results.tools.filter(({ name }) => samples.some(({ tool }) => tool === name)),
    data,
    samples,
    sizes: results.sizes.filter(({ dataSet }) => isMeant(dataSet)),
    bars: results.bars.filter((bar) => bar.section === section),
  }
}

/** The tables as Markdown, in the given language. */
export function writeTables(results: SectionResults, words: Words): string {
  const { machine, rounds, scale } = results
  const versions = results.tools.map(({ title }) => title).join(', ')
  return [
    words.machine({ ...machine, memory: machine.memoryGigabytes, date: results.date }),
    words.run({ rounds, scale, versions: `${versions}, Node ${machine.node}` }),
    `### ${words.titles.bars}\n\n${barTable(results, words)}`,
    `### ${words.titles.time}\n\n${timeTable(results, words)}`,
    `### ${words.titles.memory}\n\n${memoryTable(results, words)}`,
    ...(results.sizes.length === 0 ? [] : [`### ${words.titles.size}\n\n${sizeTable(results, words)}`]),
    `### ${words.titles.data}\n\n${dataTable(results, words)}`,
  ].join('\n\n')
}

function barTable({ bars }: Results, words: Words): string {
  const { met, missed, notMeasured } = words.verdict
  const rows = bars.map((bar) => [
    words.work[bar.work] ?? bar.work,
    words.promise(bar.promise),
    bar.measured === undefined ? '' : measuredText(bar.measured, bar.unit),
    bar.isMet === undefined ? notMeasured : bar.isMet ? met : missed,
  ])
  return markdownTable([words.headings.work, words.headings.bar, words.headings.measured, words.headings.verdict], rows)
}

function measuredText(value: number, unit: Bar['unit']): string {
  switch (unit) {
    case 'times':
      return `${value.toFixed(2)}×`
    case 'seconds':
      return `${value.toFixed(2)} s`
    case 'megabytes':
      return `${value.toFixed(0)} MB`
  }
}

function timeTable(results: SectionResults, words: Words): string {
  const { section, samples } = results
  const columns = columnsOf(results, words)
  const rows = worksIn(samples).map((work) => {
    const of = (tool: Contender): Sample[] => samples.filter((sample) => sample.work === work && sample.tool === tool)
    const times = columns.map(({ name }) => median(of(name).map(({ seconds }) => seconds)))
    const ratio = ratioByRound(of(rivals[section]), of('hikae'), ({ seconds }) => seconds)
    return [words.work[work] ?? work, ...times.map((time) => secondsText(time)), ratio ? `${ratio.toFixed(2)}×` : '']
  })
  return markdownTable([words.headings.work, ...columns.map(({ title }) => title), words.ratio[section]], rows)
}

function memoryTable(results: SectionResults, words: Words): string {
  const { samples } = results
  const columns = columnsOf(results, words)
  const rows = worksIn(samples).map((work) => {
    const peak = (tool: Contender): string => {
      const of = samples.filter((sample) => sample.work === work && sample.tool === tool)
      return of.length === 0 ? '' : megabytesText(Math.max(...of.map(({ peakMemoryBytes }) => peakMemoryBytes)))
    }
    return [words.work[work] ?? work, ...columns.map(({ name }) => peak(name))]
  })
  return markdownTable([words.headings.work, ...columns.map(({ title }) => title)], rows)
}

function sizeTable(results: SectionResults, words: Words): string {
  const { sizes, data } = results
  const columns = columnsOf(results, words)
  const row = (dataSet: DataSetName, after: RepositorySize['after']): string[] => {
    const ofThis = sizes.filter((size) => size.dataSet === dataSet && size.after === after)
    const cells = columns.map(({ name }) => {
      const bytes = median(ofThis.filter(({ tool }) => tool === name).map((size) => size.bytes))
      return bytes === undefined ? '' : megabytesText(bytes)
    })
    return [words.stored[after](words.dataSet[dataSet]), ...cells]
  }
  const isKnown = (dataSet: DataSetName, after: RepositorySize['after']): boolean =>
    sizes.some((size) => size.dataSet === dataSet && size.after === after)
  const rows = data.flatMap(({ name }) =>
    (['backup', 'prune', 'week'] as const)
      .filter((after) => after === 'backup' || isKnown(name, after))
      .map((after) => row(name, after)),
  )
  return markdownTable([words.headings.repository, ...columns.map(({ title }) => title)], rows)
}

function dataTable({ data }: Results, words: Words): string {
  const rows = data.map(({ name, facts }) => [
    words.dataSet[name],
    facts.files.toLocaleString('en'),
    megabytesText(facts.bytes),
  ])
  return markdownTable([words.data.name, words.data.files, words.data.megabytes], rows)
}

/** Who has a column: the tools, or with volumes each of their ways. */
function columnsOf(
  { section, tools, samples }: SectionResults,
  words: Words,
): readonly { name: Contender; title: string }[] {
  if (section !== 'volume') return tools
  return volumeWayNames
    .filter((name) => samples.some(({ tool }) => tool === name))
    .map((name) => ({ name, title: name === 'hikae' ? hikaeTitle(tools) : words.volumeWay[name] }))
}

function hikaeTitle(tools: Results['tools']): string {
  return tools.find(({ name }) => name === 'hikae')?.title ?? 'hikae'
}

function worksIn(samples: readonly Sample[]): Work[] {
  return [...new Set(samples.map(({ work }) => work))]
}

function secondsText(seconds: number | undefined): string {
  return seconds === undefined ? '' : seconds.toFixed(seconds < 10 ? 2 : 1)
}

function megabytesText(bytes: number): string {
  return Math.round(bytes / 1e6).toLocaleString('en')
}
