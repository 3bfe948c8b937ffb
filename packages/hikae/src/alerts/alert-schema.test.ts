import { describe, test } from 'vitest'
import { z } from 'zod'
import { alertsSchema } from './alert-schema.ts'

const url = { env: 'URL' }

function problems(alerts: unknown): string[] {
  const issues = alertsSchema.safeParse(alerts).error?.issues ?? []
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('an alert is one channel and options that have good defaults', ({ expect }) => {
  const [discord, ping, second, named] = alertsSchema.parse([
    { discord: { url } },
    { ping: { url }, jobs: ['db'] },
    { discord: { url: { file: '/etc/hikae/discord' } }, reminder: '6h', on: ['failure', 'digest'] },
    { discord: { url }, name: 'ops', reminder: false, digest: 'daily' },
  ])
  expect(discord).toMatchObject({
    name: 'discord',
    kind: 'discord',
    place: 'alerts[0].discord',
    on: ['failure', 'incomplete', 'overdue', 'recovery'],
    reminderMs: 86_400_000,
    digest: null,
  })
  expect(ping).toMatchObject({ on: ['failure', 'incomplete', 'overdue', 'success'], jobs: ['db'] })
  expect(second).toMatchObject({ name: 'discord-2', reminderMs: 21_600_000, digest: 'weekly' })
  expect(named).toMatchObject({ name: 'ops', reminderMs: null, digest: 'daily' })
})

test('two channels in one alert, none, and two of the same name are told', ({ expect }) => {
  expect(problems([{ discord: { url }, slack: { url } }])[0]).toContain('there are discord and slack')
  expect(problems([{ on: ['failure'] }])[0]).toContain('none is there')
  expect(
    problems([
      { discord: { url }, name: 'a' },
      { slack: { url }, name: 'a' },
    ]),
  ).toEqual(['1.name: there are two alerts named a'])
})

test('what is read is JSON: it can be shown and stored', ({ expect }) => {
  const read = alertsSchema.parse([
    { mail: { to: 'ops@example.com', smtp: { host: 'mail.example.com' } } },
    { webhook: { url, headers: { Authorization: { env: 'TOKEN' } }, body: { text: '{{text}}' } } },
    { telegram: { token: { env: 'TOKEN' }, chat: -100 } },
  ])
  expect(JSON.parse(JSON.stringify(read))).toEqual(read)
  expect(read[0]!.settings).toEqual({
    to: ['ops@example.com'],
    smtp: { host: 'mail.example.com', port: 587, security: 'starttls' },
  })
})

test('every option of every channel says what it is', ({ expect }) => {
  const schema = z.toJSONSchema(alertsSchema, { io: 'input', unrepresentable: 'any' })
  const undescribed: string[] = []
  const visit = (node: unknown, path: string): void => {
    const { properties = {} } = node as { properties?: Record<string, { description?: string }> }
    for (const [key, property] of Object.entries(properties)) {
      if (property.description === undefined) undescribed.push(`${path}${key}`)
      visit(property, `${path}${key}.`)
    }
  }
  const { items } = schema as { items: { properties: Record<string, object> } }
  for (const kind of ['discord', 'slack', 'teams', 'mail', 'ntfy', 'telegram', 'webhook', 'ping', 'on', 'reminder']) {
    expect(Object.keys(items.properties)).toContain(kind)
  }
  visit(items, '')
  // What a secret is, the schema of secrets says.
  expect(undescribed.filter((path) => !/\.(env|file|command)$/.test(path))).toEqual([])
})

describe('mail', () => {
  const mail = (smtp: object) => problems([{ mail: { to: 'a@example.com', smtp } }])

  test('a password is never sent in the clear, except on the own machine', ({ expect }) => {
    const login = { user: { env: 'U' }, password: { env: 'P' }, security: 'none' }
    expect(mail({ host: 'mail.example.com', ...login })).toEqual([
      '0.mail.smtp.security: a password is not sent in the clear: use starttls or tls',
    ])
    expect(mail({ host: 'localhost', ...login })).toEqual([])
    expect(mail({ host: 'mail.example.com', ...login, security: 'tls' })).toEqual([])
  })

  test('user and password belong together, and addresses are addresses', ({ expect }) => {
    expect(mail({ host: 'h', user: 'me' })).toEqual(['0.mail.smtp.password: user and password belong together'])
    expect(problems([{ mail: { to: 'nobody', smtp: { host: 'h' } } }])).toHaveLength(1)
  })
})

describe('the body of a webhook', () => {
  const body = (body: unknown, more: object = {}) => problems([{ webhook: { url, body, ...more } }])

  test('is checked: placeholders, and whether it becomes JSON', ({ expect }) => {
    expect(body('{"text": "{{subject}}: {{ text }}"}')).toEqual([])
    expect(body({ text: '{{subject}}', list: [{ run: '{{run}}' }] })).toEqual([])
    expect(body('{"text": "{{subjct}}"}')).toEqual([
      '0.webhook.body: there is no placeholder {{subjct}}; did you mean {{subject}}?',
    ])
    expect(body('{"text": {{text}}}')[0]).toContain('this is not JSON')
    expect(body({ a: { b: ['{{zzzzzzzzz}}'] } })[0]).toContain('there is no placeholder')
  })

  test('may be of another type, and belongs to no GET', ({ expect }) => {
    expect(body('{{text}}', { contentType: 'text/plain' })).toEqual([])
    expect(body({ a: 'b' }, { contentType: 'text/plain' })[0]).toContain('a mapping becomes JSON')
    expect(body('x', { method: 'GET' })[0]).toContain('a GET has no body')
  })
})
