import { describe, test } from 'vitest'
import type { LabelFinding, LabelledSource } from '../docker/labels/source-labels.ts'
import type { SourceKind } from '../sources/source-kind.ts'
import { joinLabelled, type JoiningStack } from './join-labelled.ts'
import type { CommonSource } from './source-schema.ts'

const kind = { name: 'docker-volumes' } as SourceKind

function labelled(name: string, job?: string): LabelledSource<CommonSource> {
  const common = { shrink: 0.5, mayBeEmpty: false }
  return { ...{ name, kind, config: {}, written: {}, common, container: 'db' }, ...(job === undefined ? {} : { job }) }
}

function jobsOf(
  stack: Partial<JoiningStack> & Pick<JoiningStack, 'jobs'>,
  job?: string,
): readonly string[] | undefined {
  return joinLabelled([labelled('data', job)], [], { own: [], ...stack }).joined[0]?.jobs
}

const some = { sources: ['uploads'] }

describe('a source that a container brings is saved by', () => {
  test('the job that it names, and by no other', ({ expect }) => {
    expect(jobsOf({ jobs: { all: {}, hourly: some } }, 'hourly')).toEqual(['hourly'])
  })
  test('the jobs that save the whole stack, when it names none', ({ expect }) => {
    expect(jobsOf({ jobs: { nightly: {}, weekly: {}, hourly: some } })).toEqual(['nightly', 'weekly'])
  })
  test('the job that is named for all, and those of the whole stack', ({ expect }) => {
    expect(jobsOf({ jobs: { hourly: some, daily: some }, defaultJob: 'daily' })).toEqual(['daily'])
    expect(jobsOf({ jobs: { hourly: some, nightly: {} }, defaultJob: 'hourly' })).toEqual(['hourly', 'nightly'])
  })
  test('the only job that there is', ({ expect }) => {
    expect(jobsOf({ jobs: { hourly: some } })).toEqual(['hourly'])
  })
})

describe('it is told by name, and saved by nobody,', () => {
  const jobs = { hourly: some, daily: some }
  test('when there are several jobs, and none is named', ({ expect }) => {
    const { joined, findings } = joinLabelled([labelled('data')], [], { jobs, own: [] })
    expect(joined).toEqual([])
    expect(findings).toMatchObject([
      { severity: 'error', source: 'data', jobs: ['hourly', 'daily'], message: expect.stringContaining('data') },
    ])
  })
  test('when it names a job that is none', ({ expect }) => {
    const { findings } = joinLabelled([labelled('data', 'hourli')], [], { jobs, own: [] })
    expect(findings).toMatchObject([{ severity: 'error', message: expect.stringContaining('did you mean hourly?') }])
  })
  test('when the stack file has one of that name', ({ expect }) => {
    const { joined, findings } = joinLabelled([labelled('uploads', 'daily')], [], { jobs, own: ['uploads'] })
    expect(joined).toEqual([])
    expect(findings).toMatchObject([{ severity: 'warning', jobs: ['daily'] }])
  })
})

test('what is wrong with labels is for the job that they name, or would be saved by', ({ expect }) => {
  const wrong = (job?: string): LabelFinding => ({
    severity: 'error',
    message: 'no',
    ...(job === undefined ? {} : { job }),
  })
  const stack = { jobs: { hourly: some, daily: some }, own: [], defaultJob: 'daily' }
  const { findings } = joinLabelled([], [wrong('hourly'), wrong(), wrong('none')], stack)
  expect(findings.map(({ jobs }) => jobs)).toEqual([['hourly'], ['daily'], ['hourly', 'daily']])
})
