import { median, ratioByRound, type RepositorySize, type Sample, type Work } from './samples.ts'

/** A promise about speed, size or memory, and what was measured of it; `measured` is undefined when nothing was. */
export interface Bar {
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

/** The bars of the design. Ratios are against restic in the same round. */
export function judge(measured: Measured): Bar[] {
  return [
    fasterThanRestic(measured, 'backup mixed', 2),
    notLargerThanRestic(measured, 1.02),
    fasterThanRestic(measured, 'backup big', 1.8),
    fasterThanRestic(measured, 'backup small', 1.5),
    fasterThanRestic(measured, 'unchanged small', 1.5),
    fasterThanRestic(measured, 'restore mixed', 1.5),
    fasterThanRestic(measured, 'restore big', 1.5),
    fasterThanRestic(measured, 'check mixed', 1),
    fasterThanRestic(measured, 'check big', 1),
    secondRepository(measured, 1.25),
    peakMemory(measured, 'all but a million files', (work) => !work.endsWith(' million'), 512),
    peakMemory(measured, 'a million files', (work) => work.endsWith(' million'), 1024),
    atMostSeconds(measured, 'version', 0.15),
    atMostSeconds(measured, 'snapshots', 0.4),
  ]
}

const seconds = ({ seconds: value }: Sample): number => value

function samplesOf({ samples }: Measured, work: Work, tool: Sample['tool']): Sample[] {
  return samples.filter((sample) => sample.work === work && sample.tool === tool)
}

function fasterThanRestic(measured: Measured, work: Work, times: number): Bar {
  const ratio = ratioByRound(samplesOf(measured, work, 'restic'), samplesOf(measured, work, 'hikae'), seconds)
  return atLeast({ work, promise: `≥ ${times}× as fast as restic`, measured: ratio, unit: 'times' }, times)
}

function notLargerThanRestic({ sizes }: Measured, times: number): Bar {
  const of = (tool: Sample['tool']): RepositorySize[] =>
    sizes.filter((size) => size.dataSet === 'mixed' && size.tool === tool)
  const ratio = ratioByRound(of('hikae'), of('restic'), ({ bytes }) => bytes)
  const promise = `≤ ${times}× the size of restic's`
  return atMost({ work: 'repository mixed', promise, measured: ratio, unit: 'times' }, times)
}

function secondRepository(measured: Measured, times: number): Bar {
  const both = samplesOf(measured, 'both mixed', 'hikae')
  const ratio = ratioByRound(both, samplesOf(measured, 'backup mixed', 'hikae'), seconds)
  const promise = `≤ ${times}× the time of one repository`
  return atMost({ work: 'both mixed', promise, measured: ratio, unit: 'times' }, times)
}

function peakMemory({ samples }: Measured, what: string, isMeant: (work: Work) => boolean, megabytes: number): Bar {
  const peaks = samples.filter(({ tool, work }) => tool === 'hikae' && isMeant(work))
  const peak = peaks.length === 0 ? undefined : Math.max(...peaks.map((sample) => sample.peakMemoryBytes)) / 1e6
  const promise = `≤ ${megabytes} MB`
  return atMost({ work: `peak memory, ${what}`, promise, measured: peak, unit: 'megabytes' }, megabytes)
}

function atMostSeconds(measured: Measured, work: Work, limit: number): Bar {
  const time = median(samplesOf(measured, work, 'hikae').map(seconds))
  return atMost({ work, promise: `≤ ${limit} s`, measured: time, unit: 'seconds' }, limit)
}

function atLeast(bar: Omit<Bar, 'isMet'>, limit: number): Bar {
  return { ...bar, isMet: bar.measured === undefined ? undefined : bar.measured >= limit }
}

function atMost(bar: Omit<Bar, 'isMet'>, limit: number): Bar {
  return { ...bar, isMet: bar.measured === undefined ? undefined : bar.measured <= limit }
}
