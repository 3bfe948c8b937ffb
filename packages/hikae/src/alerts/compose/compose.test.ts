import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { AlertEvent, RunReport } from '../event.ts'
import { compose } from './compose.ts'
import type { Language, Message } from './message.ts'
import { clip } from './one-line.ts'
import { renderText } from './render-text.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const at = Date.parse('2026-11-21T03:00:00Z')
const origin = { stack: 'shop', host: 'vps1', at }

const report: RunReport = {
  job: 'databases',
  run: '20261121-0200',
  startedAt: at - 65_000,
  endedAt: at,
  outcome: 'failed',
  troubles: [],
  sources: [
    {
      source: 'orders',
      outcome: 'failed',
      troubles: [{ message: 'pg_dump exited with 1', hint: 'run the same command by hand' }],
      repositories: [],
    },
    {
      source: 'uploads',
      outcome: 'succeeded',
      troubles: [],
      repositories: [
        { repository: 'usb', outcome: 'succeeded', troubles: [] },
        { repository: 'offsite', outcome: 'failed', troubles: [{ message: 'no space left' }] },
      ],
    },
    { source: 'git', outcome: 'succeeded', troubles: [], repositories: [] },
  ],
}

const checked: RunReport = {
  job: 'check',
  run: '20261122-0300',
  startedAt: at - 65_000,
  endedAt: at,
  outcome: 'failed',
  troubles: [],
  sources: [],
  repositories: [
    {
      repository: 'usb',
      outcome: 'failed',
      isDamaged: true,
      troubles: [{ message: 'damage was found: 2 errors', hint: 'restore from nas meanwhile' }],
    },
    { repository: 'nas', outcome: 'succeeded', troubles: [] },
  ],
}
const away = checked.repositories!.map((one) => ({ ...one, isDamaged: false, outcome: 'incomplete' as const }))

const failing = { subject: { job: 'databases', source: 'orders' }, condition: 'failed', since: at - 3 * DAY } as const

const events = {
  failure: { kind: 'failure', ...origin, report },
  incomplete: { kind: 'incomplete', ...origin, report: { ...report, outcome: 'incomplete' } },
  success: { kind: 'success', ...origin, report: { ...report, outcome: 'succeeded', sources: [] } },
  overdue: {
    kind: 'overdue',
    ...origin,
    items: [{ job: 'databases', source: 'orders', lastGood: at - 2 * DAY - HOUR, rpoMs: DAY, overdueSince: at }],
  },
  reminder: { kind: 'reminder', ...origin, report, about: [{ ...failing, unstable: false }] },
  recovery: { kind: 'recovery', ...origin, recovered: [{ ...failing, until: at, unstable: false }] },
  digest: {
    kind: 'digest',
    ...origin,
    digest: {
      from: at - 7 * DAY,
      to: at,
      runs: { succeeded: 5, incomplete: 1, failed: 1 },
      storedBytes: 1.5 * 1024 ** 3,
      sources: [
        { job: 'databases', source: 'orders', lastGood: at - HOUR, rpoMs: DAY, sizeBytes: 2048 },
        { job: 'databases', source: 'never', lastGood: null, rpoMs: DAY },
      ],
    },
  },
  test: { kind: 'test', ...origin },
} satisfies Record<string, AlertEvent>

function messageOf(event: AlertEvent, language: Language = 'en'): Message {
  const message = compose(event, { language, timeZone: 'Asia/Tokyo' })
  if (!message) throw new Error(`there is no message for ${event.kind}`)
  return message
}

function textOf(event: AlertEvent, language: Language = 'en', limit = 10_000): string {
  const message = messageOf(event, language)
  return `${message.subject}\n${renderText(message, { limit })}`
}

describe('in English', () => {
  test('a failure says what failed, why, and what to do', ({ expect }) => {
    const text = textOf(events.failure)
    for (const part of [
      '[shop] Backup of databases failed',
      '2 of 3 sources could not be backed up in full.',
      '✗ orders: pg_dump exited with 1',
      'Next: run the same command by hand',
      '✗ uploads → offsite: no space left',
      'Run: 20261121-0200',
      'Took: 1 min 5 s',
      'Host: vps1',
      'Started: 2026-11-21 11:58 (Asia/Tokyo)',
      'Next: see what happened with: hikae logs 20261121-0200',
    ]) {
      expect(text).toContain(part)
    }
    expect(text).not.toContain('git')
    expect(text).not.toContain('usb')
  })

  test('damage is told as what it is, above all else', ({ expect }) => {
    const event = { kind: 'failure', ...origin, report: checked } as const
    const text = textOf(event)
    for (const part of [
      '[shop] Damage found in the repository usb',
      'Not all that is stored there comes back whole. Remove no other copy before it is repaired.',
      '✗ usb: damage was found: 2 errors',
      'Next: restore from nas meanwhile',
      'Next: see what happened with: hikae logs 20261122-0300',
    ]) {
      expect(text).toContain(part)
    }
    expect(messageOf(event).isUrgent).toBe(true)
    expect(messageOf(events.failure).isUrgent).toBeUndefined()
  })

  test('maintenance is not called a backup', ({ expect }) => {
    const incomplete = { ...checked, outcome: 'incomplete', repositories: away } as const
    const text = textOf({ kind: 'incomplete', ...origin, report: incomplete })
    expect(text).toContain('[shop] Check of repositories is incomplete')
    expect(text).toContain('It could not be done in full in 2 of 2 repositories.')
    const stretch = { ...failing, subject: { job: 'prune', repository: 'usb' }, unstable: false }
    const reminder = textOf({ kind: 'reminder', ...origin, report: { ...checked, job: 'prune' }, about: [stretch] })
    expect(reminder).toContain('[shop] Still failing: pruning of repositories')
    const recovery = textOf({ kind: 'recovery', ...origin, recovered: [{ ...stretch, until: at }] })
    expect(recovery).toContain('[shop] Works again: pruning of repositories')
    expect(recovery).toContain('✓ usb: was failing for 3 d')
    const success = { ...checked, outcome: 'succeeded', repositories: checked.repositories!.slice(1) } as const
    expect(textOf({ kind: 'success', ...origin, report: success })).toContain('Done in 1 repository.')
    const japanese = textOf({ kind: 'failure', ...origin, report: checked }, 'ja')
    expect(japanese).toContain('[shop] リポジトリ usb に破損が見つかりました')
    expect(textOf({ kind: 'incomplete', ...origin, report: incomplete }, 'ja')).toContain(
      '[shop] リポジトリの検査が一部失敗しました',
    )
  })

  test('overdue says how old, what was promised, and how to back up now', ({ expect }) => {
    const text = textOf(events.overdue)
    expect(text).toContain('[shop] Overdue: backup of orders')
    expect(text).toContain('✗ orders (job databases): last good 2 d 1 h ago; promised every 1 d')
    expect(text).toContain('back up now with: hikae backup databases')
  })

  test('reminders and recoveries say how long it has been or was', ({ expect }) => {
    expect(textOf(events.reminder)).toContain('This has been failing for 3 d.')
    expect(textOf(events.reminder)).toContain('✗ orders: pg_dump exited with 1')
    expect(textOf(events.recovery)).toContain('✓ orders (job databases): was failing for 3 d')
  })

  test('a digest counts runs, and puts first what is wrong', ({ expect }) => {
    const { items, lead, facts } = messageOf(events.digest)
    expect(lead).toBe('7 runs: 5 succeeded, 1 incomplete, 1 failed.')
    expect(items.map(({ title }) => title)).toEqual(['never (job databases)', 'orders (job databases)'])
    expect(items[1]!.text).toBe('last good 1 h ago, promised every 1 d, 2.0 KiB')
    expect(facts).toContainEqual({ label: 'Stored', value: '1.5 GiB' })
  })

  test('what is unstable says that there will be reminders only', ({ expect }) => {
    expect(messageOf({ ...events.failure, unstable: true }).lead).toContain('only be reminders')
    expect(messageOf(events.failure).lead).not.toContain('only be reminders')
  })

  test('a source with a thousand troubles shows three, and says how many more', ({ expect }) => {
    const troubles = Array.from({ length: 1000 }, (_, index) => ({ message: `cannot read ${index}` }))
    const source = { source: 'files', outcome: 'incomplete', troubles, repositories: [] } as const
    const { items } = messageOf({ ...events.failure, report: { ...report, sources: [source] } })
    expect(items.map(({ text }) => text)).toEqual(['cannot read 0', 'cannot read 1', 'cannot read 2 (and 997 more)'])
  })
})

describe('in Japanese', () => {
  test('the same facts are there, in sentences that are Japanese', ({ expect }) => {
    const text = textOf(events.failure, 'ja')
    for (const part of [
      '[shop] databases のバックアップに失敗しました',
      'ソース 3 件のうち 2 件を完全にはバックアップできませんでした。',
      '✗ orders: pg_dump exited with 1',
      '対処: run the same command by hand',
      '実行 ID: 20261121-0200',
      '所要時間: 1分5秒',
      '対処: hikae logs 20261121-0200 で詳細を確認してください',
    ]) {
      expect(text).toContain(part)
    }
    expect(textOf(events.overdue, 'ja')).toContain('最後の成功は2日1時間前、目標は1日以内')
    expect(textOf(events.recovery, 'ja')).toContain('databases のバックアップが復旧しました')
    expect(textOf(events.reminder, 'ja')).toContain('失敗の状態が3日続いています。')
  })

  test.for(Object.entries(events))('%s leaves no English sentence of ours', ([, event], { expect }) => {
    const english = messageOf(event)
    const japanese = messageOf(event, 'ja')
    expect(japanese.tone).toBe(english.tone)
    expect(japanese.lead).not.toBe(english.lead)
    expect(japanese.lead).toMatch(/[。]$/)
    expect(japanese.items).toHaveLength(english.items.length)
    expect(japanese.facts.map(({ value }) => value)).toHaveLength(english.facts.length)
  })
})

describe('a reminder of what is overdue, and a recovery of a part', () => {
  const about = [{ ...failing, condition: 'overdue', unstable: true }] as const
  const reminder = { kind: 'reminder', ...origin, about, items: events.overdue.items } as const
  const partly = { ...events.recovery, report }

  test('say it once, and what is left', ({ expect }) => {
    expect(messageOf(reminder).items).toEqual(messageOf(events.overdue).items)
    expect(messageOf(reminder).subject).toBe('[shop] Still overdue: backup of databases')
    expect(messageOf(partly).subject).toBe('[shop] Works again: backup of orders (job databases)')
    expect(messageOf(partly).lead).toBe('What was reported before is over. Other parts of the job still have trouble.')
  })

  test('are sentences without stray spaces in Japanese', ({ expect }) => {
    expect(messageOf(reminder, 'ja').lead).toMatch(/^期限超過の状態が3日続いています。成功と失敗を/)
    expect(messageOf(partly, 'ja').lead).toMatch(/解消しました。ただし、/)
    const two = { ...events.overdue, items: [...events.overdue.items, ...events.overdue.items] }
    expect(messageOf(two, 'ja').subject).toBe('[shop] orders ほか 1 件のバックアップが期限を過ぎています')
  })
})

describe('every message', () => {
  test('is free of control characters and of text that reorders itself, whatever names hold', ({ expect }) => {
    const hostile = 'a\u001b[31m\nb\u202ec\u0000'
    const source = { source: hostile, outcome: 'failed', troubles: [{ message: hostile }], repositories: [] } as const
    const text = textOf({ ...events.failure, report: { ...report, job: hostile, run: hostile, sources: [source] } })
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(messageOf({ ...events.test, stack: 'a\r\nBcc: x' }).subject).toBe('[a Bcc: x] Test of an alert')
  })

  test('a start is told to nobody', ({ expect }) => {
    const start = { kind: 'start', ...origin, job: 'j', run: 'r' } as const
    expect(compose(start, { language: 'en', timeZone: 'UTC' })).toBeUndefined()
  })

  test('that is too long leaves out items, and says how many', ({ expect }) => {
    const sources = Array.from({ length: 100 }, (_, index) => ({ ...report.sources[0]!, source: `source-${index}` }))
    const event = { ...events.failure, report: { ...report, sources } }
    const text = renderText(messageOf(event), { limit: 2000 })
    const shown = text.match(/✗ source-\d+/g)!.length
    expect(text.length).toBeLessThanOrEqual(2000)
    expect(text).toContain(`… ${100 - shown} more`)
    expect(text).toContain('hikae logs')
    expect(renderText(messageOf(event, 'ja'), { limit: 2000 })).toMatch(/… ほか \d+ 件/)
  })

  test('fits into any limit, measured in any way', ({ expect }) => {
    const sizes: ((text: string) => number)[] = [(text) => text.length, (text) => Buffer.byteLength(text)]
    const language = fc.constantFrom<Language>('en', 'ja')
    fc.assert(
      fc.property(
        fc.nat(3000),
        fc.constantFrom(...sizes),
        fc.constantFrom(...Object.values(events)),
        language,
        (limit, measure, event, language) => {
          const text = renderText(messageOf(event, language), { limit, measure })
          expect(measure(text)).toBeLessThanOrEqual(limit)
        },
      ),
    )
  })

  test('never shows half a character', ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, limit) => {
        const clipped = clip(text, limit)
        expect(clipped.length).toBeLessThanOrEqual(limit)
        expect(clipped.isWellFormed()).toBe(true)
      }),
    )
  })
})
