import { describe, test } from 'vitest'
import { jobSchema } from './job-schema.ts'

function problemsOf(job: unknown): string[] {
  return (jobSchema.safeParse(job).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('a job', () => {
  test('needs nothing: it takes all, runs when it is asked to, and keeps everything', ({ expect }) => {
    expect(jobSchema.parse({})).toEqual({
      schedule: { kind: 'manual' },
      keep: 'forever',
      hooks: { before: [], after: [], success: [], failure: [] },
      limits: {},
      objectives: {},
    })
  })

  test('says when, where, how long and within which bounds', ({ expect }) => {
    const job = {
      sources: ['db'],
      to: ['usb'],
      schedule: 'daily at 04:30',
      keep: { daily: 7, monthly: 'unlimited', within: '30d' },
      objectives: { rpo: '24h', rto: '4h' },
      hooks: { before: [{ run: ['sync'] }] },
      limits: { between: '22:00-06:00', timeout: '2h', upload: '5M', download: 1000 },
    }
    expect(jobSchema.parse(job)).toMatchObject({
      sources: ['db'],
      repositories: ['usb'],
      schedule: { kind: 'cron', text: 'daily at 04:30' },
      keep: { counts: { daily: 7, monthly: 'unlimited' }, within: { days: 30 } },
      objectives: { rpoMs: 86_400_000, rtoMs: 14_400_000 },
      hooks: { before: [{ run: ['sync'], timeout: 600_000 }] },
      limits: { timeoutMs: 7_200_000, uploadBytesPerSecond: 5 * 1024 ** 2, downloadBytesPerSecond: 1000 },
    })
  })

  test.for([
    ['two reasons to run', { schedule: 'daily', on: 'change' }, 'on: a job has either schedule: or on:, not both'],
    ['a policy without a rule', { keep: {} }, 'keep: keep has no rule: write for instance { daily: 30 }, or forever'],
    ['a policy that keeps none', { keep: { last: 0 } }, /^keep\.last: /],
    ['a time that is none', { limits: { timeout: 'soon' } }, /^limits\.timeout: a duration is a number/],
    ['a size that is none', { limits: { upload: 'much' } }, /^limits\.upload: 'much' is not a size/],
    ['a program as one text', { hooks: { before: [{ run: 'sync' }] } }, /^hooks\.before\.0\.run: /],
  ] as const)('with %s is refused', ([, job, problem], { expect }) => {
    expect(problemsOf(job)).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)])
  })
})
