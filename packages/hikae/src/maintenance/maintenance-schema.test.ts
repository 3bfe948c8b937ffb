import { describe, test } from 'vitest'
import { stackSchema } from '../config/schema.ts'
import { scheduledTasks } from './scheduled-task.ts'

const REPOSITORIES = {
  usb: { local: '/mnt/usb', password: { file: '/p' } },
  nas: { local: '/mnt/nas', password: { file: '/p' } },
}

function parse(maintenance: unknown, more: object = {}) {
  return stackSchema.safeParse({ version: 1, repositories: REPOSITORIES, maintenance, ...more })
}

describe('maintenance:', () => {
  test('is a schedule for each task, for all repositories unless some are named', ({ expect }) => {
    const { data } = parse({ check: 'weekly', readData: '5%', prune: 'monthly on last' })
    const stack = { repositories: ['usb', 'nas'], timeZone: 'Asia/Tokyo' }
    expect(scheduledTasks(data!.maintenance, stack)).toMatchObject([
      { name: 'check', schedule: { text: 'weekly' }, repositories: ['usb', 'nas'], readData: { percent: 5 } },
      { name: 'prune', schedule: { text: 'monthly on last' }, repositories: ['usb', 'nas'], timeZone: 'Asia/Tokyo' },
    ])
    const some = parse({ prune: 'daily', to: ['nas'] }).data!
    expect(scheduledTasks(some.maintenance, stack)).toMatchObject([{ name: 'prune', repositories: ['nas'] }])
    expect(scheduledTasks(parse(undefined).data!.maintenance, stack)).toEqual([])
  })

  test.for([
    ['5%', { percent: 5 }],
    ['2.5 %', { percent: 2.5 }],
    ['1/4', { percent: 25 }],
    ['10G', { bytes: 10 * 1024 ** 3 }],
    ['all', 'all'],
  ] as const)('reads %s of the data', ([text, amount], { expect }) => {
    expect(parse({ check: 'weekly', readData: text }).data!.maintenance.readData).toEqual(amount)
  })

  test.for(['0%', '101%', '5/4', '1/0', '0', 'half', '', '-1G'])('does not read %s', (text, { expect }) => {
    const { error } = parse({ check: 'weekly', readData: text })
    expect(error?.issues).toMatchObject([
      { path: ['maintenance', 'readData'], message: expect.stringContaining('write a share such as 5%') as string },
    ])
  })

  test('says what makes no sense, and where', ({ expect }) => {
    expect(parse({ readData: '5%' }).error?.issues).toMatchObject([
      { path: ['maintenance', 'readData'], message: 'data is read by checks: say when with check:' },
    ])
    expect(parse({ check: 'manual', prune: 'weekli' }).error?.issues).toMatchObject([
      { path: ['maintenance', 'check'], message: 'what is done by hand needs no schedule: leave it out' },
      { path: ['maintenance', 'prune'], message: expect.stringContaining('did you mean weekly?') as string },
    ])
    expect(parse({ check: 'daily', to: ['usb', 'nass'] }).error?.issues).toMatchObject([
      { path: ['maintenance', 'to', 1], message: "there is no repository 'nass'; did you mean nas?" },
    ])
  })

  test('leaves its words to no job', ({ expect }) => {
    const sources = { uploads: { files: { paths: ['uploads'] } } }
    const { error } = parse({}, { sources, jobs: { check: {}, prune: {}, checks: {} } })
    expect(error?.issues.map(({ path }) => path)).toEqual([
      ['jobs', 'check'],
      ['jobs', 'prune'],
    ])
    expect(error?.issues[0]?.message).toContain('call the job otherwise')
  })
})
