import type { z } from 'zod'
import type { Message } from './compose/message.ts'
import type { AlertEvent } from './event.ts'
import type { ChannelContext } from './sending/channel-context.ts'

/** An alert as a channel gets it. */
export interface Outgoing {
  readonly event: AlertEvent
  /** Undefined for events that people are not told of; only monitors get those. */
  readonly message: Message | undefined
}

/** A service that alerts are sent to. */
export interface ChannelKind<Settings> {
  /** The key in the stack file. */
  readonly kind: string
  /** `people` are told what changes; `monitor` is told of every run, and raises the alarm itself. */
  readonly audience: 'people' | 'monitor'
  /** The one place that says what may be configured. */
  readonly settings: z.ZodType<Settings>
  /**
   * Sends it within the limits of the service.
   *
   * @returns `nothing` when the service has no form for such an event
   * @throws it was not sent; the message names neither addresses nor secrets
   */
  send(outgoing: Outgoing, settings: Settings, context: ChannelContext): Promise<'sent' | 'nothing'>
}

/** A kind in the list of all kinds: it is sent with the settings that its own schema gave. */
export type AnyChannelKind = ChannelKind<unknown>

/** A channel for people that sends messages, and nothing else. */
export function messageChannel<Settings>(
  kind: string,
  settings: z.ZodType<Settings>,
  send: (message: Message, settings: Settings, context: ChannelContext) => Promise<void>,
): ChannelKind<Settings> {
  return {
    kind,
    audience: 'people',
    settings,
    async send({ message }, given, context) {
      if (!message) return 'nothing'
      await send(message, given, context)
      return 'sent'
    },
  }
}
