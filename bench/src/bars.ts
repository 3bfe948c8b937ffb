import { type SectionName, sections } from './data/sections.ts'
import type { DataSetName } from './data/data-set.ts'
import { type Contender, median, ratioByRound, type RepositorySize, type Sample, type Work } from './samples.ts'

/** A promise about speed, size or memory, and what was measured of it; `measured` is undefined when nothing was. */
export interface Bar {
  /** The table it stands in. */
  section: SectionName
  work: string
  promise: string
  measured: number | undefined
  unit: 'times' | 'seconds' | 'megabytes'
  isMet: boolean | undefined
}

export interface Measured {
  samples: readonly Sample[]
  sizes: readonly RepositorySize[]
}

type Judged = Omit<Bar, 'section'>

interface Rival {
  readonly name: Contender
  /** In a promise. */
  readonly words: string
}

const restic: Rival = { name: 'restic', words: 'restic' }
const offen: Rival = { name: 'helper-pgzip', words: "offen's way" }
const helper: Rival = { name: 'helper-gzip', words: 'a helper container with tar and gzip' }
const script: Rival = { name: 'run-gzip', words: 'docker run and gzip' }

/** The bars of the design. Ratios are against another one in the same round, restic where nobody else is named. */
export function judge(measured: Measured): Bar[] {
  const usual = [
    fasterThanRestic(measured, 'backup mixed', 2),
    notLargerThanRestic(measured, 'backup', 'mixed', 1.02),
    fasterThanRestic(measured, 'backup big', 1.8),
    fasterThanRestic(measured, 'backup small', 1.5),
    fasterThanRestic(measured, 'unchanged small', 1.5),
    fasterThanRestic(measured, 'restore mixed', 1.5),
    fasterThanRestic(measured, 'restore big', 1.5),
    fasterThanRestic(measured, 'check mixed', 1),
    fasterThanRestic(measured, 'check big', 1),
    fasterThanRestic(measured, 'check small', 1),
    fasterThanRestic(measured, 'copy mixed', 1),
    fasterThanRestic(measured, 'copy big', 1),
    fasterThanRestic(measured, 'prune mixed', 1),
    notLargerThanRestic(measured, 'prune', 'mixed', 1.02),
    fasterThanRestic(measured, 'prune small', 1),
    notLargerThanRestic(measured, 'prune', 'small', 1.02),
    secondRepository(measured, 'mixed', 1.25),
    peakMemory(measured, 'usual', sections.usual, 512),
    atMostSeconds(measured, 'version mixed', 0.15),
    atMostSeconds(measured, 'snapshots mixed', 0.4),
  ]
  const huge = [
    peakMemory(measured, 'million', ['million'], 1024),
    peakMemory(measured, 'sparse', ['sparse'], 512),
    peakMemory(measured, 'blobs', ['blobs'], 512),
    fasterThanRestic(measured, 'structure blobs', 1),
    fasterThanRestic(measured, 'check blobs', 1),
    fasterThanRestic(measured, 'copy blobs', 1),
    fasterThanRestic(measured, 'prune blobs', 1),
    notLargerThanRestic(measured, 'prune', 'blobs', 1.02),
  ]
  const remote = [
    fasterThanRestic(measured, 'backup s3', 1.5),
    fasterThanRestic(measured, 'restore s3', 1.5),
    fasterThanRestic(measured, 'backup sftp', 1.2),
    fasterThanRestic(measured, 'restore sftp', 1.2),
    fasterThanRestic(measured, 'backup rest', 1.2),
    fasterThanRestic(measured, 'restore rest', 1.2),
    secondRepository(measured, 's3', 1.25),
    peakMemory(measured, 'remote', sections.remote, 512),
  ]
  const volume = [
    fasterThan(measured, 'backup volume', 3, offen),
    fasterThan(measured, 'backup volume', 3, helper),
    fasterThan(measured, 'backup volume', 3, script),
    fasterThan(measured, 'next-day volume', 20, offen),
    fasterThan(measured, 'next-day volume', 20, helper),
    fasterThan(measured, 'next-day volume', 20, script),
    peakMemory(measured, 'volume', sections.volume, 512),
  ]
  return [
    ...inSection('usual', usual),
    ...inSection('huge', huge),
    ...inSection('remote', remote),
    ...inSection('volume', volume),
  ]
}

function inSection(section: SectionName, bars: readonly Judged[]): Bar[] {
  return bars.map((bar) => ({ section, ...bar }))
}

const seconds = ({ seconds: value }: Sample): number => value

function samplesOf({ samples }: Measured, work: Work, tool: Contender): Sample[] {
  return samples.filter((sample) => sample.work === work && sample.tool === tool)
}

function fasterThanRestic(measured: Measured, work: Work, times: number): Judged {
  return fasterThan(measured, work, times, restic)
}

function fasterThan(measured: Measured, work: Work, times: number, { name, words }: Rival): Judged {
  const ratio = ratioByRound(samplesOf(measured, work, name), samplesOf(measured, work, 'hikae'), seconds)
  return atLeast({ work, promise: `≥ ${times}× as fast as ${words}`, measured: ratio, unit: 'times' }, times)
}

function notLargerThanRestic(
  { sizes }: Measured,
  after: RepositorySize['after'],
  dataSet: DataSetName,
  times: number,
): Judged {
  const of = (tool: Contender): RepositorySize[] =>
    sizes.filter((size) => size.dataSet === dataSet && size.after === after && size.tool === tool)
  const ratio = ratioByRound(of('hikae'), of('restic'), ({ bytes }) => bytes)
  const promise = `≤ ${times}× the size of restic's`
  return atMost({ work: `size after ${after} ${dataSet}`, promise, measured: ratio, unit: 'times' }, times)
}

function secondRepository(measured: Measured, dataSet: DataSetName, times: number): Judged {
  const both = samplesOf(measured, `both ${dataSet}`, 'hikae')
  const ratio = ratioByRound(both, samplesOf(measured, `backup ${dataSet}`, 'hikae'), seconds)
  const promise = `≤ ${times}× the time of one repository`
  return atMost({ work: `both ${dataSet}`, promise, measured: ratio, unit: 'times' }, times)
}

function peakMemory({ samples }: Measured, what: string, of: readonly DataSetName[], megabytes: number): Judged {
  const isOurs = (tool: Contender): boolean => tool === 'hikae' || tool === 'hikae-archive'
  const peaks = samples.filter(({ tool, dataSet }) => isOurs(tool) && of.includes(dataSet))
  const peak = peaks.length === 0 ? undefined : Math.max(...peaks.map((sample) => sample.peakMemoryBytes)) / 1e6
  const promise = `≤ ${megabytes} MB`
  return atMost({ work: `peak memory ${what}`, promise, measured: peak, unit: 'megabytes' }, megabytes)
}

function atMostSeconds(measured: Measured, work: Work, limit: number): Judged {
  const time = median(samplesOf(measured, work, 'hikae').map(seconds))
  return atMost({ work, promise: `≤ ${limit} s`, measured: time, unit: 'seconds' }, limit)
}

function atLeast(bar: Omit<Judged, 'isMet'>, limit: number): Judged {
  return { ...bar, isMet: bar.measured === undefined ? undefined : bar.measured >= limit }
}

function atMost(bar: Omit<Judged, 'isMet'>, limit: number): Judged {
  return { ...bar, isMet: bar.measured === undefined ? undefined : bar.measured <= limit }
}
