import type { AlertState, LastDigest } from './alert-state.ts'
import type { ChannelDecision } from './decide-channel.ts'
import type { AlertEvent } from './event.ts'

/** An alert for one channel. */
export interface PlannedAlert {
  /** The name of the channel. */
  readonly channel: string
  readonly event: AlertEvent
  /** What is remembered once it was sent. */
  readonly remember: Remember
}

export interface Remember {
  readonly decisions: readonly Pick<ChannelDecision, 'key' | 'after'>[]
  readonly digest?: LastDigest
}

/** What is to be sent, and what is remembered whatever becomes of it. */
export interface AlertPlan {
  readonly alerts: readonly PlannedAlert[]
  readonly state: AlertState
}

export const NOTHING_TO_REMEMBER: Remember = { decisions: [] }
