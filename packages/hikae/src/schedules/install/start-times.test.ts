import { describe, test } from 'vitest'
import { occurrencesBetween } from '../occurrences.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { scheduleSchema } from '../schedule-schema.ts'
import { cronFile, minutesOfHour } from './cron-file.ts'
import type { InstallRequest } from './install-request.ts'
import { utcMinutesOfDay, utcWeekdays } from './start-times.ts'
import { workflowText } from './workflow.ts'

const NOW = new Date('2026-11-21T00:00Z')
const ZONES = ['Asia/Tokyo', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu']
const TEXTS = [
  '30 2 * * *',
  '*/20 1-3 * * mon-fri',
  'every 6h',
  'every 7h',
  'every 90m',
  '10 2 L * *',
  'weekly',
  'every 3d',
]

describe('the times at which something may begin', () => {
  test('hold every time at which something is due', ({ expect }) => {
    for (const zone of ZONES)
      for (const text of TEXTS) {
        const timed = job(text, zone)
        const minutes = new Set(utcMinutesOfDay(timed, NOW))
        const weekdays = new Set(utcWeekdays(timed, NOW))
        const byCron = new Set(minutesOfHour(request([timed], 'Australia/Lord_Howe')))
        const clock = new Intl.DateTimeFormat('en', { timeZone: 'Australia/Lord_Howe', minute: 'numeric' })
        const times = [...occurrencesBetween(timed.schedule, zone, NOW, new Date('2027-11-21T00:00Z'))]
        const missed = times.filter((time) => {
          const minute = time.getUTCHours() * 60 + time.getUTCMinutes()
          return !minutes.has(minute) || !weekdays.has(time.getUTCDay()) || !byCron.has(Number(clock.format(time)))
        })
        expect(missed, `${text} in ${zone}`).toEqual([])
      }
  })

  test('are no more than there have to be', ({ expect }) => {
    expect(minutesOfHour(request([job('daily', 'Asia/Tokyo'), job('30 2 * * *', 'Asia/Tokyo')], 'UTC'))).toEqual([
      0, 30,
    ])
    expect(minutesOfHour(request([job('daily', 'Asia/Kathmandu')], 'UTC'))).toEqual([15])
    expect(minutesOfHour(request([job('daily', 'Australia/Lord_Howe')], 'UTC'))).toEqual([0, 30])
    expect(utcMinutesOfDay(job('daily', 'Europe/Berlin'), NOW)).toEqual([0, 60])
    expect(utcMinutesOfDay(job('every 5h', 'Europe/Berlin'), NOW)).toHaveLength(24)
    expect(utcWeekdays(job('weekly', 'Asia/Tokyo'), NOW)).toEqual([6])
    expect(utcWeekdays(job('30 8,9 * * mon', 'Asia/Tokyo'), NOW)).toEqual([0, 1])
    const nightly = { ...job('every 6h', 'Asia/Tokyo'), between: { from: 1350, to: 360 } }
    expect(minutesOfHour(request([nightly], 'UTC'))).toEqual([0, 30])
  })
})

describe('a file for cron', () => {
  test('asks what is due, as the user, and at the start of the machine', ({ expect }) => {
    const jobs = [job('daily', 'Asia/Tokyo'), job('30 * * * *', 'UTC')]
    const odd = { ...request(jobs, 'UTC'), stack: 'my.shop', config: '/srv/my shop/100%/hikae.yaml' }
    const [file, ...others] = cronFile(odd, { etcCron: '/etc/cron.d', etcSystemd: '', runSystemd: '' })
    expect(others).toEqual([])
    expect(file!.path).toBe('/etc/cron.d/hikae-my_shop')
    const command = String.raw`nice -n 10 /usr/bin/hikae backup --config '/srv/my shop/100\%/hikae.yaml' --due --quiet`
    expect(file!.content.split('\n').slice(-4)).toEqual([
      '',
      `@reboot backup ${command}`,
      `0,30 * * * * backup ${command}`,
      '',
    ])
  })

  test('is not there when nothing is timed', ({ expect }) => {
    const places = { etcCron: '/etc/cron.d', etcSystemd: '', runSystemd: '' }
    expect(cronFile(request([job('manual', 'UTC')], 'UTC'), places)).toEqual([])
  })
})

test('a workflow fires at all times in UTC that may be meant', ({ expect }) => {
  const text = workflowText({
    stack: 'shop',
    config: 'backup/hikae.yaml',
    version: '0.1.0',
    variables: ['R2_KEY'],
    now: NOW,
    jobs: [
      { ...job('daily', 'Europe/Berlin'), name: 'databases' },
      { ...job('daily', 'Europe/Berlin'), name: 'uploads' },
      { ...job('weekly', 'Asia/Tokyo'), name: 'all' },
      { ...job('manual', 'Asia/Tokyo'), name: 'never' },
    ],
  })
  expect(text.match(/- cron: .*/g)).toEqual([
    "- cron: '0 0,1 * * *' # databases, uploads",
    "- cron: '0 18 * * 6' # all",
  ])
  expect(text).toContain('          R2_KEY: ${{ secrets.R2_KEY }}\n')
  expect(text).toContain('STACK_FILE: "backup/hikae.yaml"\n')
})

function request(jobs: readonly ScheduledJob[], machineTimeZone: string): InstallRequest {
  const program = '/usr/bin/hikae'
  return { stack: 'shop', jobs, program, config: '/srv/shop/hikae.yaml', user: 'backup', now: NOW, machineTimeZone }
}

function job(text: string, timeZone: string): ScheduledJob {
  return { name: 'databases', schedule: scheduleSchema.parse(text), timeZone }
}
