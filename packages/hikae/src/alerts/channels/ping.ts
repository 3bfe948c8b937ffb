import { z } from 'zod'
import { secretSchema } from '../../secrets/secret-schema.ts'
import type { SecretReference } from '../../secrets/secret.ts'
import type { ChannelKind, Outgoing } from '../channel-kind.ts'
import { renderText } from '../compose/render-text.ts'
import type { AlertEvent } from '../event.ts'
import type { ChannelContext } from '../sending/channel-context.ts'
import { webAddress } from '../sending/http-request.ts'

/** Healthchecks keeps the first 100,000 bytes; own installations less. */
const LONGEST_BODY_BYTES = 10_000

const endpoint = z.union([z.literal(false), secretSchema]).optional()

const settings = z
  .strictObject({
    url: secretSchema.describe('the ping address; it gets the success, so give each job one of its own'),
    start: endpoint.describe('for the start of a run; by default the address with /start; false sends none'),
    fail: endpoint.describe('for a failure; by default the address with /fail; false sends none, and silence tells'),
    log: endpoint.describe('for tests, which change nothing; by default the address with /log; false sends none'),
  })
  .describe('a ping address of Healthchecks or a service like it, that raises the alarm itself when pings stay away')

type Settings = z.output<typeof settings>
type Signal = 'start' | 'success' | 'fail' | 'log'

/** https://healthchecks.io/docs/http_api/ */
export const ping: ChannelKind<Settings> = {
  kind: 'ping',
  audience: 'monitor',
  settings,
  async send(outgoing, given, context) {
    const signal = signalOf(outgoing.event)
    const url = signal && (await addressFor(signal, given, context))
    if (!url) return 'nothing'
    const body = bodyOf(outgoing)
    await context.request({ method: 'POST', url, headers: { 'content-type': 'text/plain; charset=utf-8' }, body })
    return 'sent'
  },
}

/** Only a run that brought everything counts as a success. */
function signalOf(event: AlertEvent): Signal | undefined {
  switch (event.kind) {
    case 'start':
      return 'start'
    case 'success':
      return 'success'
    case 'failure':
    case 'incomplete':
    case 'overdue':
      return 'fail'
    case 'test':
      return 'log'
    case 'reminder':
    case 'recovery':
    case 'digest':
      return undefined
  }
}

async function addressFor(signal: Signal, given: Settings, context: ChannelContext): Promise<URL | undefined> {
  const own: SecretReference | false | undefined = signal === 'success' ? given.url : given[signal]
  if (own === false) return undefined
  if (own) return webAddress(await context.secret(own, signal === 'success' ? 'url' : signal), signal)
  const url = webAddress(await context.secret(given.url, 'url'), 'url')
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${signal}`
  return url
}

function bodyOf({ event, message }: Outgoing): string {
  if (!message) return event.kind
  const limit = LONGEST_BODY_BYTES - Buffer.byteLength(message.subject) - 2
  return `${message.subject}\n\n${renderText(message, { limit, measure: (text) => Buffer.byteLength(text) })}`
}
