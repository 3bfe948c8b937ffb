import { startWebhookServer, type WebhookRequest, type WebhookServer } from '@hikae/testkit'
import { test as base } from 'vitest'
import { alertsSchema } from '../src/alerts/alert-schema.ts'
import type { AlertEvent, RunReport, SourceResult } from '../src/alerts/event.ts'
import { type SendContext, sendAlerts } from '../src/alerts/send.ts'

const at = Date.parse('2026-11-21T03:00:00Z')
const origin = { stack: 'shop', host: 'vps1', at }
const nasty = '@everyone <!channel> *bold* `x` & "quoted" [link](https://example.com)'

const report: RunReport = {
  job: 'databases',
  run: 'run-1',
  startedAt: at - 60_000,
  endedAt: at,
  outcome: 'failed',
  troubles: [],
  sources: [{ source: 'orders', outcome: 'failed', troubles: [{ message: nasty, hint: 'do this' }], repositories: [] }],
}
const failure: AlertEvent = { kind: 'failure', ...origin, report }

const huge: AlertEvent = {
  ...failure,
  report: {
    ...report,
    sources: Array.from({ length: 500 }, (_, index): SourceResult => {
      const troubles = [{ message: `${nasty} ${'長い説明'.repeat(50)}`, hint: 'x'.repeat(300) }]
      return { source: `source-${index}`, outcome: 'failed', troubles, repositories: [] }
    }),
  },
}

const test = base.extend<{ server: WebhookServer }>({
  server: async ({}, use) => {
    await using server = await startWebhookServer()
    await use(server)
  },
})

interface Given {
  readonly server: WebhookServer
  readonly settings: (url: string) => object
  readonly secrets?: Record<string, string>
  readonly event?: AlertEvent
  readonly language?: 'en' | 'ja'
}

/** Sends one alert through a channel; what it asks the environment for is in `secrets`. */
async function send({ server, settings, secrets = {}, event = failure, language = 'en' }: Given) {
  const channels = alertsSchema.parse([settings(server.url)])
  const context: SendContext = {
    env: secrets,
    signal: new AbortController().signal,
    sleep: () => Promise.resolve(),
    language,
    timeZone: 'Asia/Tokyo',
    now: () => at,
  }
  const [delivery] = await sendAlerts([{ channel: channels[0]!.name, event }], channels, context)
  return { delivery: delivery!, request: server.requests.at(-1) }
}

function json(request: WebhookRequest | undefined): unknown {
  return JSON.parse(request!.body)
}

interface DiscordBody {
  readonly embeds: readonly {
    readonly title: string
    readonly description: string
    readonly color: number
    readonly fields: readonly { name: string; value: string }[]
  }[]
  readonly allowed_mentions: unknown
}

test('Discord gets an embed with a colour, from which nobody is mentioned', async ({ server, expect }) => {
  const given = { server, settings: (url: string) => ({ discord: { url: { env: 'U' } }, name: url }) }
  const { delivery, request } = await send({ ...given, secrets: { U: `${server.url}api/webhooks/1/token` } })
  expect(delivery).toMatchObject({ sent: true, about: 'failure' })
  expect(request).toMatchObject({ method: 'POST', path: '/api/webhooks/1/token' })
  expect(request!.headers['content-type']).toBe('application/json; charset=utf-8')
  const { embeds, allowed_mentions } = json(request) as DiscordBody
  expect(allowed_mentions).toEqual({ parse: [] })
  expect(embeds[0]).toMatchObject({ title: '[shop] Backup of databases failed', color: 0xd1242f })
  expect(embeds[0]!.description).toContain('\\@everyone \\<!channel\\> \\*bold\\* \\`x\\` & "quoted"')
  expect(embeds[0]!.fields).toContainEqual({ name: 'Run', value: 'run\\-1', inline: true })
})

test('Discord gets no more than it takes, and how much is missing', async ({ server, expect }) => {
  const settings = (url: string) => ({ discord: { url } })
  const { request } = await send({ server, settings, event: huge })
  const [embed] = (json(request) as DiscordBody).embeds
  const texts = [embed!.title, embed!.description, ...embed!.fields.flatMap(({ name, value }) => [name, value])]
  expect(embed!.description.length).toBeLessThanOrEqual(4096)
  expect(texts.join('').length).toBeLessThanOrEqual(6000)
  expect(embed!.description).toMatch(/… 49\d more/)
})

interface SlackBody {
  readonly text: string
  readonly blocks: readonly { type: string; text: { type: string; text: string } }[]
  readonly attachments: readonly {
    readonly color: string
    readonly blocks: readonly [{ text: { type: string; text: string } }, { fields: readonly { text: string }[] }]
  }[]
}

test('Slack gets blocks of plain text, and a text for notifications without markup', async ({ server, expect }) => {
  const settings = (url: string) => ({ slack: { url: `${url}services/T/B/x` } })
  const event: AlertEvent = { ...failure, stack: '<!here> & co' }
  const { request } = await send({ server, settings, event })
  const body = json(request) as SlackBody
  expect(request!.path).toBe('/services/T/B/x')
  expect(body.text).toBe('[&lt;!here&gt; &amp; co] Backup of databases failed')
  expect(body.blocks[0]!.text).toEqual({
    type: 'plain_text',
    text: '[<!here> & co] Backup of databases failed',
    emoji: false,
  })
  expect(body.attachments[0]!.color).toBe('#d1242f')
  expect(body.attachments[0]!.blocks[0].text.type).toBe('plain_text')
  expect(body.attachments[0]!.blocks[0].text.text).toContain(`✗ orders: ${nasty}`)
})

test('Slack gets no more than it takes', async ({ server, expect }) => {
  const event = { ...huge, stack: 's'.repeat(500) }
  const { request } = await send({ server, settings: (url) => ({ slack: { url } }), event })
  const body = json(request) as SlackBody
  const [section, { fields }] = body.attachments[0]!.blocks
  expect(body.blocks[0]!.text.text.length).toBeLessThanOrEqual(150)
  expect(section.text.text.length).toBeLessThanOrEqual(3000)
  expect(section.text.text).toMatch(/… 49\d more/)
  expect(fields.length).toBeLessThanOrEqual(10)
})

interface TeamsBody {
  readonly type: string
  readonly attachments: readonly { contentType: string; content: { type: string; version: string; body: unknown[] } }[]
}

test('Teams gets an adaptive card as Workflows want it, small enough', async ({ server, expect }) => {
  server.answer = () => ({ status: 202 })
  const settings = (url: string) => ({ teams: { url: `${url}workflows/x?sig=secret` } })
  const { delivery, request } = await send({ server, settings })
  expect(delivery.sent).toBe(true)
  expect(request!.path).toBe('/workflows/x?sig=secret')
  const { type, attachments } = json(request) as TeamsBody
  expect(type).toBe('message')
  expect(attachments[0]!.contentType).toBe('application/vnd.microsoft.card.adaptive')
  expect(attachments[0]!.content).toMatchObject({ type: 'AdaptiveCard', version: '1.4' })
  const texts = JSON.stringify(attachments[0]!.content.body)
  expect(texts).toContain('"type":"TextRun","text":"[shop] Backup of databases failed","weight":"Bolder"')
  expect(texts).toContain(JSON.stringify(`✗ orders: ${nasty}`))
  expect(texts).toContain('{"title":"Run","value":"run-1"}')

  const long = await send({ server, settings, event: huge })
  expect(Buffer.byteLength(long.request!.body)).toBeLessThanOrEqual(20_000)
  expect(long.request!.body).toMatch(/… 4\d\d more/)
})

test('ntfy gets JSON at its root, with topic, priority, tag and token', async ({ server, expect }) => {
  const settings = (url: string) => ({ ntfy: { server: url, topic: { env: 'T' }, token: { env: 'K' } } })
  const { request } = await send({ server, settings, secrets: { T: 'my-topic', K: 'tk_1' }, language: 'ja' })
  expect(request).toMatchObject({ method: 'POST', path: '/' })
  expect(request!.headers['authorization']).toBe('Bearer tk_1')
  expect(json(request)).toMatchObject({
    topic: 'my-topic',
    title: '[shop] databases のバックアップに失敗しました',
    tags: ['rotating_light'],
    priority: 4,
  })
  const long = await send({ server, settings, secrets: { T: 'my-topic', K: 'tk_1' }, event: huge, language: 'ja' })
  const { message } = json(long.request) as { message: string }
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4096)
  expect(message).toMatch(/… ほか 49\d 件/)
})

test('Telegram gets text as it is, with a bold subject, at the address of the bot', async ({ server, expect }) => {
  server.answer = () => ({ status: 200, body: '{"ok":true,"result":{}}' })
  const settings = (url: string) => ({ telegram: { server: url, token: { env: 'T' }, chat: -1001, thread: 7 } })
  const secrets = { T: '123456:AbC-dEf_1' }
  const { request } = await send({ server, settings, secrets })
  expect(request).toMatchObject({ method: 'POST', path: '/bot123456:AbC-dEf_1/sendMessage' })
  const subject = '[shop] Backup of databases failed'
  expect(json(request)).toMatchObject({
    chat_id: -1001,
    message_thread_id: 7,
    entities: [{ type: 'bold', offset: 0, length: subject.length }],
    link_preview_options: { is_disabled: true },
    disable_notification: false,
  })
  const { text } = json(request) as { text: string }
  expect(text.startsWith(`${subject}\n\n`)).toBe(true)
  expect(text).toContain(`✗ orders: ${nasty}`)
  const long = await send({ server, settings, secrets, event: huge })
  expect((json(long.request) as { text: string }).text.length).toBeLessThanOrEqual(4096)
})

test('a webhook gets everything as JSON, or what its template says', async ({ server, expect }) => {
  const { request } = await send({ server, settings: (url) => ({ webhook: { url } }) })
  const everything = json(request) as { event: AlertEvent; message: { subject: string; text: string } }
  expect(everything.event).toEqual(failure)
  expect(everything.message.subject).toBe('[shop] Backup of databases failed')
  expect(everything.message.text).toContain('hikae logs run-1')

  const own = await send({
    server,
    settings: (url) => ({
      webhook: {
        url: `${url}hook`,
        method: 'PUT',
        headers: { Authorization: { env: 'A' }, 'X-Plain': 'yes' },
        body: '{"title": "{{subject}}", "body": "{{text}}", "run": "{{run}}", "at": "{{at}}"}',
      },
    }),
    secrets: { A: 'Bearer abc' },
  })
  expect(own.request).toMatchObject({ method: 'PUT', path: '/hook' })
  expect(own.request!.headers).toMatchObject({ authorization: 'Bearer abc', 'x-plain': 'yes' })
  const body = json(own.request) as Record<string, string>
  expect(body).toMatchObject({
    title: '[shop] Backup of databases failed',
    run: 'run-1',
    at: '2026-11-21T03:00:00.000Z',
  })
  expect(body['body']).toContain(nasty)

  const mapping = await send({
    server,
    settings: (url) => ({ webhook: { url, body: { list: [{ job: '{{job}}', why: '{{text}}' }], level: 3 } } }),
  })
  expect(json(mapping.request)).toMatchObject({ list: [{ job: 'databases' }], level: 3 })

  const get = await send({ server, settings: (url) => ({ webhook: { url: `${url}?x=1`, method: 'GET' } }) })
  expect(get.request).toMatchObject({ method: 'GET', path: '/?x=1', body: '' })
})

test('a ping address gets start, success, fail and log at their own endpoints', async ({ server, expect }) => {
  const settings = (url: string) => ({ ping: { url: { env: 'P' } }, name: url })
  const secrets = { P: `${server.url}0000-uuid` }
  const events: AlertEvent[] = [
    { kind: 'start', ...origin, job: 'databases', run: 'run-1' },
    { kind: 'success', ...origin, report: { ...report, outcome: 'succeeded', sources: [] } },
    failure,
    { kind: 'incomplete', ...origin, report: { ...report, outcome: 'incomplete' } },
    { kind: 'overdue', ...origin, items: [{ job: 'j', lastGood: null, rpoMs: 1000, overdueSince: 0 }] },
    { kind: 'test', ...origin },
  ]
  for (const event of events) expect((await send({ server, settings, secrets, event })).delivery.sent).toBe(true)
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /0000-uuid/start',
    'POST /0000-uuid',
    'POST /0000-uuid/fail',
    'POST /0000-uuid/fail',
    'POST /0000-uuid/fail',
    'POST /0000-uuid/log',
  ])
  expect(server.requests[2]!.body).toContain('✗ orders')
  expect(Buffer.byteLength((await send({ server, settings, secrets, event: huge })).request!.body)).toBeLessThan(10_001)
})

test('a ping address may have endpoints of its own, or none', async ({ server, expect }) => {
  const settings = (url: string) => ({
    ping: { url: `${url}push/a?status=up`, fail: `${url}push/a?status=down`, start: false, log: false },
  })
  const start: AlertEvent = { kind: 'start', ...origin, job: 'databases', run: 'run-1' }
  expect((await send({ server, settings, event: start })).delivery).toMatchObject({ sent: true, nothing: true })
  expect((await send({ server, settings, event: { kind: 'test', ...origin } })).delivery).toMatchObject({
    nothing: true,
  })
  expect(server.requests).toEqual([])
  const { request } = await send({ server, settings })
  expect(request!.path).toBe('/push/a?status=down')
})
