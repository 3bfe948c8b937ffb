import { writeFile } from 'node:fs/promises'
import {
  type Certificates,
  makeCertificates,
  makeTempDir,
  type SmtpServerOptions,
  type SmtpTestServer,
  startSmtpServer,
} from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { alertsSchema } from '../src/alerts/alert-schema.ts'
import type { AlertEvent } from '../src/alerts/event.ts'
import { type Delivery, type SendContext, sendAlerts } from '../src/alerts/send.ts'

const at = Date.parse('2026-11-21T03:00:00Z')
const PASSWORD = 'p@ssw0rd-of-mail'
const login = { user: 'hikae@example.com', password: PASSWORD }

const overdue: AlertEvent = {
  kind: 'overdue',
  stack: 'shop',
  host: 'vps1',
  at,
  items: [{ job: 'databases', source: 'orders', lastGood: null, rpoMs: 86_400_000, overdueSince: at }],
}

const test = base.extend<{ certificates: Certificates }>({
  certificates: [
    async ({}, use) => {
      await using certificates = await makeCertificates()
      await use(certificates)
    },
    { scope: 'file' },
  ],
})

function startServer({ server }: Certificates, options: SmtpServerOptions = { login }): Promise<SmtpTestServer> {
  return startSmtpServer({ tls: server, ...options })
}

interface Given {
  readonly smtp?: object
  readonly mail?: object
  readonly event?: AlertEvent
  readonly context?: Partial<SendContext>
}

/** Sends one mail with STARTTLS and a password, unless told otherwise. */
async function mail(server: SmtpTestServer, certificates: Certificates, given: Given = {}): Promise<Delivery> {
  const channels = alertsSchema.parse([
    {
      mail: {
        to: ['ops@example.com', 'boss@example.com'],
        smtp: {
          host: 'localhost',
          port: server.port,
          user: { env: 'SMTP_USER' },
          password: { env: 'SMTP_PASSWORD' },
          ca: certificates.authority.certificatePath,
          ...given.smtp,
        },
        ...given.mail,
      },
    },
  ])
  const context: SendContext = {
    env: { SMTP_USER: login.user, SMTP_PASSWORD: login.password },
    signal: new AbortController().signal,
    sleep: () => Promise.resolve(),
    language: 'ja',
    timeZone: 'Asia/Tokyo',
    now: () => at,
    ...given.context,
  }
  const [delivery] = await sendAlerts([{ channel: 'mail', event: given.event ?? overdue }], channels, context)
  return delivery!
}

function troubleOf(delivery: Delivery): string {
  if (delivery.sent) throw new Error('it was sent')
  const text = `${delivery.trouble.message}; ${delivery.trouble.hint}`
  if (text.includes(PASSWORD)) throw new Error('the password is in the message')
  return text
}

/** The text of a mail of one part, whatever its encoding. */
function bodyOf(raw: string): string {
  const [head = '', ...rest] = raw.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  if (/^content-transfer-encoding: base64/im.test(head)) return Buffer.from(body, 'base64').toString()
  const unfolded = body.replaceAll('=\r\n', '')
  return Buffer.from(
    unfolded.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString()
}

describe('a mail server with STARTTLS and a login', () => {
  test('gets the mail for everybody, in the language of the stack', async ({ certificates, expect }) => {
    await using server = await startServer(certificates)
    expect(await mail(server, certificates)).toMatchObject({ sent: true })
    const [received] = server.mails
    expect(received).toMatchObject({
      from: 'hikae@example.com',
      to: ['ops@example.com', 'boss@example.com'],
      isEncrypted: true,
      user: 'hikae@example.com',
    })
    expect(received!.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m)
    expect(received!.raw).toMatch(/^Date: Sat, 21 Nov 2026 03:00:00 \+0000\r$/m)
    const words = [...received!.raw.matchAll(/=\?UTF-8\?B\?(.+?)\?=/g)].map(([, word]) => Buffer.from(word!, 'base64'))
    expect(Buffer.concat(words).toString()).toBe('[shop] orders のバックアップが期限を過ぎています')
    expect(bodyOf(received!.raw)).toContain('成功したバックアップがありません、目標は1日以内')
  })

  test('a name with line breaks adds no header', async ({ certificates, expect }) => {
    await using server = await startServer(certificates)
    const event = { ...overdue, stack: 'shop\r\nBcc: thief@example.com' }
    expect(await mail(server, certificates, { event, context: { language: 'en' } })).toMatchObject({ sent: true })
    expect(server.mails[0]!.to).toEqual(['ops@example.com', 'boss@example.com'])
    expect(server.mails[0]!.raw).not.toMatch(/^Bcc:/m)
  })

  test('a wrong password is told without it', async ({ certificates, expect }) => {
    await using server = await startServer(certificates, { login: { ...login, password: 'another' } })
    const trouble = troubleOf(await mail(server, certificates))
    expect(trouble).toContain('alerts[0].mail: the mail server refused the login')
    expect(trouble).toContain('535')
    expect(server.mails).toEqual([])
  })

  test('a server that repeats the password in its answer does not bring it into the message', async ({
    certificates,
    expect,
  }) => {
    await using server = await startServer(certificates)
    const plain = Buffer.from(`\0${login.user}\0${PASSWORD}`).toString('base64')
    server.misbehave = (step) =>
      step === 'login' ? { code: 535, message: `${plain} is wrong, and so is ${PASSWORD}` } : undefined
    const trouble = troubleOf(await mail(server, certificates))
    expect(trouble).toContain('*** is wrong, and so is ***')
    expect(trouble).not.toContain(plain)
  })

  test('a certificate of somebody else ends it before the login', async ({ certificates, expect }) => {
    await using other = await makeCertificates()
    await using server = await startServer(other)
    const trouble = troubleOf(await mail(server, certificates))
    expect(trouble).toContain('alerts[0].mail: the certificate of the server is not trusted')
    expect(trouble).toContain('smtp.ca')
    expect(server.steps).not.toContain('login')
  })

  test('a server without STARTTLS gets no password', async ({ certificates, expect }) => {
    await using server = await startSmtpServer({ login })
    const trouble = troubleOf(await mail(server, certificates))
    expect(trouble).toContain('alerts[0].mail: there is no encrypted connection with the mail server')
    expect(server.steps).toEqual(['connect'])
  })

  test('a server that is busy is asked again; one that refuses is not', async ({ certificates, expect }) => {
    await using server = await startServer(certificates)
    let attempts = 0
    server.misbehave = (step) => {
      if (step !== 'from') return undefined
      return ++attempts === 1 ? { code: 451, message: 'greylisted' } : undefined
    }
    expect(await mail(server, certificates)).toMatchObject({ sent: true })
    expect(attempts).toBe(2)
    server.misbehave = (step) => (step === 'data' ? { code: 554, message: 'no thanks' } : undefined)
    expect(troubleOf(await mail(server, certificates))).toContain('the mail server did not take it: ')
    expect(server.steps.filter((step) => step === 'data')).toHaveLength(2)
  })

  test('a recipient whom the server does not know is told, though the other one got it', async ({
    certificates,
    expect,
  }) => {
    await using server = await startServer(certificates)
    server.misbehave = (step, detail) =>
      step === 'recipient' && detail.startsWith('boss') ? { code: 550, message: 'unknown' } : undefined
    expect(troubleOf(await mail(server, certificates))).toContain('did not take it for boss@example.com')
    expect(server.mails.map(({ to }) => to)).toEqual([['ops@example.com']])
  })

  test.for(['connect', 'login', 'data'] as const)(
    'a server that says nothing more at %s is given up',
    async (at, { certificates, expect }) => {
      await using server = await startServer(certificates)
      server.misbehave = (step) => (step === at ? 'hang' : undefined)
      const trouble = troubleOf(await mail(server, certificates, { context: { timeoutMs: 1000 } }))
      expect(trouble).toContain('alerts[0].mail: there was no answer within 1 s')
      // What was begun may have arrived: it is not begun again.
      expect(server.steps.filter((step) => step === 'connect').length).toBeLessThanOrEqual(1)
    },
  )

  test('an interruption ends the conversation', async ({ certificates, expect }) => {
    await using server = await startServer(certificates)
    server.misbehave = (step) => (step === 'data' ? 'hang' : undefined)
    const stop = new AbortController()
    const sending = mail(server, certificates, { context: { signal: stop.signal } })
    await server.reached('data')
    stop.abort()
    expect(troubleOf(await sending)).toContain('interrupted before it was sent')
  })
})

test('TLS from the first byte works, and so does none on the own machine', async ({ certificates, expect }) => {
  await using encrypted = await startSmtpServer({ tls: { ...certificates.server, implicit: true }, login })
  expect(await mail(encrypted, certificates, { smtp: { security: 'tls' } })).toMatchObject({ sent: true })
  expect(encrypted.mails[0]!.isEncrypted).toBe(true)

  await using plain = await startSmtpServer()
  const smtp = { security: 'none', user: undefined, password: undefined, ca: undefined, host: '127.0.0.1' }
  expect(await mail(plain, certificates, { smtp })).toMatchObject({ sent: true })
  expect(plain.mails[0]).toMatchObject({ from: 'ops@example.com', isEncrypted: false })
})

test('a file of certificates that is absent or a server that is down is told', async ({ certificates, expect }) => {
  await using dir = await makeTempDir()
  const server = await startServer(certificates)
  const absent = await mail(server, certificates, {
    smtp: { ca: 'ca.pem' },
    context: { resolvePath: (path) => dir.join(path) },
  })
  expect(troubleOf(absent)).toContain(`cannot read ${dir.join('ca.pem')}, the file of smtp.ca`)
  await writeFile(dir.join('ca.pem'), certificates.authority.certificate)
  await server[Symbol.asyncDispose]()
  expect(troubleOf(await mail(server, certificates))).toContain('the connection was refused (ECONNREFUSED)')
})
