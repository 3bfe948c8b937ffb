import { describe, test } from 'vitest'
import { jobSchema } from './job-schema.ts'
import { type ConfiguredJobs, findUnknownNames } from './resolve-jobs.ts'

const source = { kind: 'files', config: {}, shrink: 0.5, mayBeEmpty: false }

function problems(jobs: Readonly<Record<string, object>>, stack: Partial<ConfiguredJobs> = {}): string[] {
  const parsed = Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, jobSchema.parse(job)]))
  const found = findUnknownNames({ sources: { uploads: source }, repositories: { usb: {} }, ...stack, jobs: parsed })
  return found.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('jobs', () => {
  test('use what the stack has', ({ expect }) => {
    expect(problems({ all: {}, some: { sources: ['uploads'], to: ['usb'] } })).toEqual([])
    expect(problems({ some: { sources: ['upload'], to: ['nas'] } })).toEqual([
      "jobs.some.sources.0: there is no source 'upload'; did you mean uploads?",
      "jobs.some.to.0: there is no repository 'nas'; there are usb",
    ])
  })

  test('need something to save', ({ expect }) => {
    expect(problems({ all: {} }, { sources: {} })).toEqual(['jobs.all: the stack has no source for it'])
    expect(problems({ none: { sources: [] } })).toEqual([
      'jobs.none.sources: it names no source: leave sources: out for all of the stack',
    ])
  })

  test('may leave that to containers', ({ expect }) => {
    const discover = { job: 'hourly' }
    expect(problems({ all: {}, hourly: { sources: [] } }, { sources: {}, discover })).toEqual([])
    expect(problems({ all: { sources: ['uploads'] } }, { sources: {}, discover: {} })).toEqual([
      "jobs.all.sources.0: there is no source 'uploads' in the stack, and no other",
    ])
    expect(problems({ daily: {} }, { discover: { job: 'dayly' } })).toEqual([
      "discover.job: there is no job 'dayly'; did you mean daily?",
    ])
  })
})
