import { expect, test } from 'vitest'
import type { JobOnTime } from '../../../jobs/source-status.ts'
import type { RememberedSource } from '../../../state/labelled-sources.ts'
import { expectedJobs } from './expected-jobs.ts'

function job(name: string, ...sources: readonly string[]): JobOnTime {
  return { name, sources: sources.map((source) => ({ name: source, kind: { name: 'files' } })) } as unknown as JobOnTime
}

function brought(source: string, ...jobs: readonly string[]): RememberedSource {
  return {
    source,
    kind: 'docker-volumes',
    jobs,
    container: 'db',
    firstSeen: '2026-11-20T00:00:00Z',
    lastSeen: '2026-11-21T00:00:00Z',
  }
}

function expected(jobs: readonly JobOnTime[], waitedFor: readonly RememberedSource[]): string[][] {
  return expectedJobs({ jobs }, waitedFor).map(({ sources }) => sources.map(({ name }) => name))
}

test('a job should save what containers have brought to it, once', () => {
  const jobs = [job('nightly', 'uploads'), job('hourly', 'rows')]
  expect(expected(jobs, [brought('rows', 'nightly', 'hourly')])).toEqual([['uploads', 'rows'], ['rows']])
  const [nightly] = expectedJobs({ jobs }, [brought('rows', 'nightly')])
  expect(nightly!.sources[1]).toEqual({
    name: 'rows',
    kind: { name: 'docker-volumes' },
    firstSeen: '2026-11-20T00:00:00Z',
  })
})

test('what came to a job that is no more is not forgotten', () => {
  expect(expected([job('nightly'), job('hourly')], [brought('rows', 'renamed')])).toEqual([['rows'], []])
})
