import { setDefaultCACertificates } from 'node:tls'
import { writeFile } from 'node:fs/promises'
import { makeCertificates, makeTempDir, startWebhookServer, type WebhookServer } from '@hikae/testkit'
import { test as base } from 'vitest'
import { type AlertChannel, alertsSchema } from '../src/alerts/alert-schema.ts'
import type { AlertEvent } from '../src/alerts/event.ts'
import { type Delivery, type SendContext, sendAlerts } from '../src/alerts/send.ts'

const SECRET = 'sEcReT-tOkEn-123456'
const event: AlertEvent = { kind: 'test', stack: 'shop', host: 'vps1', at: 0 }

const test = base.extend<{ server: WebhookServer }>({
  server: async ({}, use) => {
    await using server = await startWebhookServer()
    await use(server)
  },
})

interface Sending extends Partial<SendContext> {
  readonly count?: number
}

/** Sends to all channels; nothing is waited for between attempts, but noted in `pauses`. */
async function sendAll(channels: readonly AlertChannel[], { count = 1, ...changed }: Sending = {}) {
  const pauses: number[] = []
  const context: SendContext = {
    env: {},
    signal: new AbortController().signal,
    sleep: (ms) => {
      pauses.push(ms)
      return Promise.resolve()
    },
    language: 'en',
    timeZone: 'UTC',
    now: () => 0,
    ...changed,
  }
  const alerts = channels.flatMap(({ name }) => Array.from({ length: count }, () => ({ channel: name, event })))
  const deliveries = await sendAlerts(alerts, channels, context)
  return { deliveries, pauses, texts: deliveries.map(textOf) }
}

/** What people would read of it. */
function textOf(delivery: Delivery): string {
  return delivery.sent ? 'sent' : `${delivery.trouble.message}; ${delivery.trouble.hint}`
}

function webhookTo(url: string): AlertChannel[] {
  return alertsSchema.parse([{ webhook: { url: `${url}hooks/${SECRET}` } }])
}

test('a server with trouble of its own is asked three times', async ({ server, expect }) => {
  server.answer = () => ({ status: 500, body: `trouble with /hooks/${SECRET}` })
  const { texts, pauses, deliveries } = await sendAll(webhookTo(server.url))
  expect(server.requests).toHaveLength(3)
  expect(pauses).toEqual([1000, 2000])
  expect(texts[0]).toContain('alerts[0].webhook: the server answered 500: trouble with ***')
  expect(JSON.stringify(deliveries)).not.toContain(SECRET)
  expect(deliveries[0]).toMatchObject({
    sent: false,
    kind: 'alert-not-sent',
    place: 'alerts[0].webhook',
    about: 'test',
  })
})

test('one that recovers in time gets the alert', async ({ server, expect }) => {
  server.answer = (_, number) => (number === 1 ? 'cut' : { status: number === 2 ? 503 : 200 })
  expect((await sendAll(webhookTo(server.url))).texts).toEqual(['sent'])
})

test.for([
  [{ headers: { 'retry-after': '7' } }, 7000],
  [{ body: '{"message": "You are being rate limited.", "retry_after": 1.5, "global": false}' }, 1500],
  [{ body: '{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":5}}' }, 5000],
  [{ headers: { date: 'Sat, 21 Nov 2026 03:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 03:00:09 GMT' } }, 9000],
] as const)('429 is waited for as %j says', async ([reply, pauseMs], { server, expect }) => {
  server.answer = (_, number) => (number === 1 ? { status: 429, ...reply } : { status: 200 })
  const { texts, pauses } = await sendAll(webhookTo(server.url))
  expect(texts).toEqual(['sent'])
  expect(pauses).toEqual([pauseMs])
})

test('a server that wants to be left alone for an hour is', async ({ server, expect }) => {
  server.answer = () => ({ status: 429, headers: { 'retry-after': '3600' } })
  const { texts, pauses } = await sendAll(webhookTo(server.url))
  expect(pauses).toEqual([])
  expect(texts[0]).toContain('the server answered 429')
})

test('what the server refuses is not repeated, and its reason is told', async ({ server, expect }) => {
  server.answer = () => ({ status: 404, body: '{"message": "Unknown Webhook", "code": 10015}' })
  const { texts } = await sendAll(alertsSchema.parse([{ discord: { url: `${server.url}api/webhooks/1/${SECRET}` } }]))
  expect(server.requests).toHaveLength(1)
  expect(texts[0]).toBe(
    'alerts[0].discord: the server answered 404: Unknown Webhook; the address is not known there (any more): make a new one, and put it there',
  )
})

test('a redirect is not followed', async ({ server, expect }) => {
  await using other = await startWebhookServer()
  server.answer = () => ({ status: 307, headers: { location: `${other.url}${SECRET}` } })
  const { texts } = await sendAll(webhookTo(server.url))
  expect(texts[0]).toContain('it redirects, which is not followed with secrets')
  expect(texts[0]).not.toContain(SECRET)
  expect(other.requests).toEqual([])
})

test.for(['hang', 'drip'] as const)(
  'a server that lets us wait (%s) is given up',
  async (fault, { server, expect }) => {
    server.answer = () => (fault === 'drip' ? { status: 500, body: 'x' } : fault)
    if (fault === 'drip') server.answer = () => 'drip'
    await using good = await startWebhookServer()
    const channels = alertsSchema.parse([
      { webhook: { url: `${server.url}${SECRET}` } },
      { name: 'good', webhook: { url: good.url } },
    ])
    const { deliveries, texts } = await sendAll(channels, { timeoutMs: 3000, count: 2 })
    // Each was tried once: it may have arrived. The second did not wait as well, and the others did not suffer.
    expect(texts[0]).toContain('alerts[0].webhook: there was no answer within 3 s')
    expect(texts[1]).toContain('not tried, since the alert before it was not answered in time')
    expect(server.requests).toHaveLength(1)
    expect(deliveries.slice(2).every(({ sent }) => sent)).toBe(true)
    expect(good.requests).toHaveLength(2)
  },
)

test('an interruption ends it, with a delivery for each alert', async ({ server, expect }) => {
  server.answer = () => 'hang'
  const stop = new AbortController()
  const channels = alertsSchema.parse([{ webhook: { url: server.url } }, { name: 'b', webhook: { url: server.url } }])
  const sending = sendAll(channels, { signal: stop.signal, count: 2 })
  await server.received(2)
  stop.abort()
  const { texts } = await sending
  expect(texts).toHaveLength(4)
  for (const text of texts) expect(text).toContain('interrupted before it was sent')
})

test('an interruption ends a pause between attempts', async ({ server, expect }) => {
  server.answer = () => ({ status: 429, headers: { 'retry-after': '20' } })
  const stop = new AbortController()
  const sending = sendAll(webhookTo(server.url), {
    signal: stop.signal,
    sleep: (_, signal) => {
      queueMicrotask(() => stop.abort())
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    },
  })
  expect((await sending).texts[0]).toContain('interrupted before it was sent')
})

test('sending as a whole takes no longer than it may', async ({ server, expect }) => {
  server.answer = () => ({ status: 429, headers: { 'retry-after': '20' } })
  const { texts } = await sendAll(webhookTo(server.url), {
    count: 2,
    totalTimeoutMs: 500,
    sleep: (_, signal) =>
      new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason as Error)
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      }),
  })
  expect(texts).toHaveLength(2)
  for (const text of texts) expect(text).toContain('alerts[0].webhook: given up, 0.5 s after alerts began to be sent')
})

test('a certificate that is not trusted, and a server that is not there, are told without the address', async ({
  expect,
}) => {
  await using certificates = await makeCertificates()
  const tls = { cert: certificates.server.certificate, key: certificates.server.key }
  await using server = await startWebhookServer({ tls })
  const gone = await startWebhookServer()
  await gone[Symbol.asyncDispose]()
  const urls = [`${server.url}${SECRET}`, `${gone.url}${SECRET}`, `https://${SECRET}.invalid/`]
  const channels = alertsSchema.parse(urls.map((url, index) => ({ name: `c${index}`, webhook: { url } })))
  const { texts } = await sendAll(channels)
  expect(texts[0]).toContain('alerts[0].webhook: the certificate of the server is not trusted')
  expect(texts[0]).toContain('NODE_EXTRA_CA_CERTS')
  expect(texts[1]).toContain('alerts[1].webhook: the connection was refused (ECONNREFUSED)')
  for (const text of texts) expect(text).not.toMatch(new RegExp(`${SECRET}|127\\.0\\.0\\.1|invalid/`, 'i'))
  expect(server.requests).toEqual([])

  setDefaultCACertificates([certificates.authority.certificate])
  expect((await sendAll(channels.slice(0, 1))).texts).toEqual(['sent'])
})

test('secrets that are absent, empty of sense or too slow are told by their place', async ({ expect }) => {
  await using dir = await makeTempDir()
  await writeFile(dir.join('url'), `not an address ${SECRET}`)
  const channels = alertsSchema.parse([
    { slack: { url: { env: 'ABSENT' } } },
    { discord: { url: { file: 'url' } } },
    { teams: { url: { command: ['sleep', '600'] } } },
    { telegram: { token: SECRET, chat: 1 } },
    { ntfy: { topic: { file: 'nowhere' } } },
  ])
  const { texts } = await sendAll(channels, { resolvePath: (path) => dir.join(path), timeoutMs: 300 })
  expect(texts[0]).toContain('alerts[0].slack: the url of alerts[0].slack is to come from ABSENT, which is not set')
  expect(texts[1]).toContain('alerts[1].discord: what its url refers to is not an http or https address')
  expect(texts[2]).toContain('alerts[2].teams: the command for its url did not end within 0.3 s')
  expect(texts[3]).toContain('alerts[3].telegram: what its token refers to is not the token of a bot')
  expect(texts[4]).toContain('alerts[4].ntfy: cannot read the topic of alerts[4].ntfy file')
  expect(texts.join('\n')).not.toContain(SECRET)
})

test('an alert for a channel that is gone is a delivery with a trouble', async ({ expect }) => {
  const context: SendContext = {
    env: {},
    signal: new AbortController().signal,
    language: 'en',
    timeZone: 'UTC',
    now: () => 5,
  }
  const [delivery] = await sendAlerts([{ channel: 'old', event }], [], context)
  expect(delivery).toMatchObject({
    sent: false,
    channel: 'old',
    at: 5,
    trouble: { hint: 'see alerts in the stack file' },
  })
})
