import { errorMessage, isKnownError } from '../errors.ts'
import type { AlertChannel } from './alert-schema.ts'
import type { PlannedAlert } from './alert-plan.ts'
import { channelKindOf } from './channels.ts'
import { compose } from './compose/compose.ts'
import type { ComposeOptions } from './compose/draft.ts'
import type { AlertEvent, AlertNotSent, Trouble } from './event.ts'
import { AlertError } from './sending/alert-error.ts'
import { type ChannelContext, openChannelContext, type SendOptions } from './sending/channel-context.ts'

/** So many channels are sent to at once. */
const AT_ONCE = 8
const TOTAL_TIMEOUT_MS = 120_000

export interface AlertSent {
  readonly sent: true
  readonly channel: string
  readonly place: string
  readonly about: AlertEvent['kind']
  readonly at: number
  /** The service has no form for it, such as a reminder for a ping address: there was nothing to do. */
  readonly nothing: boolean
}

/** What became of one alert. */
export type Delivery = AlertSent | ({ readonly sent: false } & AlertNotSent)

export interface SendContext extends SendOptions, ComposeOptions {
  readonly now: () => number
  /** All of it is given up then; two minutes unless told. */
  readonly totalTimeoutMs?: number
}

/**
 * Sends alerts, those for different channels side by side. Never throws, and ends within two minutes: what cannot be sent,
 * hangs or is interrupted is a delivery with a trouble. No trouble names an address or a secret.
 *
 * @returns one delivery for each alert, in their order
 */
export async function sendAlerts(
  alerts: readonly Pick<PlannedAlert, 'channel' | 'event'>[],
  channels: readonly AlertChannel[],
  context: SendContext,
): Promise<Delivery[]> {
  const { totalTimeoutMs = TOTAL_TIMEOUT_MS } = context
  const limit = AbortSignal.timeout(totalTimeoutMs)
  const limits: Limits = { interruption: context.signal, limit, totalTimeoutMs }
  const limited = { ...context, signal: AbortSignal.any([context.signal, limit]) }
  const deliveries: Delivery[] = []
  const queues = [...Map.groupBy(alerts.entries(), ([, { channel }]) => channel)]
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, queues.length) }, async () => {
      for (let queue = queues.shift(); queue; queue = queues.shift()) {
        const [name, entries] = queue
        const channel = channels.find((one) => one.name === name)
        const events = entries.map(([, { event }]) => event)
        const results = channel ? await sendInOrder(events, channel, limited, limits) : unknown(events, name, context)
        for (const [index, [position]] of entries.entries()) deliveries[position] = results[index]!
      }
    }),
  )
  return deliveries
}

/** One after the other: a start comes before its success. When the service hangs, the others do not wait for it as well. */
async function sendInOrder(
  events: readonly AlertEvent[],
  channel: AlertChannel,
  context: SendContext,
  limits: Limits,
): Promise<Delivery[]> {
  const deliveries: Delivery[] = []
  let hangs = false
  for (const event of events) {
    const result: Attempt = hangs ? NOT_TRIED : await attempt(event, channel, context, limits)
    hangs ||= result.timedOut === true
    deliveries.push(deliveryOf(result, event, channel, context.now()))
  }
  return deliveries
}

interface Attempt {
  readonly nothing?: boolean
  readonly trouble?: Trouble
  readonly timedOut?: boolean
}

const NOT_TRIED: Attempt = { trouble: { message: 'not tried, since the alert before it was not answered in time' } }

async function attempt(
  event: AlertEvent,
  channel: AlertChannel,
  context: SendContext,
  limits: Limits,
): Promise<Attempt> {
  const opened = openChannelContext(channel.place, context)
  try {
    const outgoing = { event, message: compose(event, context) }
    const result = await channelKindOf(channel.kind).send(outgoing, channel.settings, opened)
    return { nothing: result === 'nothing' }
  } catch (error) {
    const trouble = troubleOfLimits(limits) ?? troubleOf(error, opened)
    return { trouble, timedOut: error instanceof AlertError && error.timedOut }
  }
}

/** What ends everything, whatever it was that noticed. */
interface Limits {
  readonly interruption: AbortSignal
  readonly limit: AbortSignal
  readonly totalTimeoutMs: number
}

function troubleOfLimits({ interruption, limit, totalTimeoutMs }: Limits): Trouble | undefined {
  if (interruption.aborted) return { message: 'interrupted before it was sent' }
  return limit.aborted ? { message: `given up, ${totalTimeoutMs / 1000} s after alerts began to be sent` } : undefined
}

function troubleOf(error: unknown, context: ChannelContext): Trouble {
  const hint = isKnownError(error) ? error.hint : undefined
  return { message: context.redact(errorMessage(error)), ...(hint !== undefined && { hint: context.redact(hint) }) }
}

function deliveryOf({ trouble, nothing = false }: Attempt, event: AlertEvent, to: AlertChannel, at: number): Delivery {
  const about = { channel: to.name, place: to.place, about: event.kind, at }
  if (!trouble) return { sent: true, ...about, nothing }
  const message = `${to.place}: ${trouble.message}`
  return { sent: false, kind: 'alert-not-sent', ...about, trouble: { ...trouble, message } }
}

function unknown(events: readonly AlertEvent[], name: string, { now }: SendContext): Delivery[] {
  const trouble = { message: `there is no channel named ${name}`, hint: 'see alerts in the stack file' }
  return events.map((event) => ({
    sent: false,
    kind: 'alert-not-sent',
    channel: name,
    place: 'alerts',
    about: event.kind,
    trouble,
    at: now(),
  }))
}
