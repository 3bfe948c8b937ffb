import type { AlertChannel } from './alert-schema.ts'
import { type AlertPlan, NOTHING_TO_REMEMBER, type PlannedAlert, type Remember } from './alert-plan.ts'
import { type AlertState, channelState, type ChannelState } from './alert-state.ts'
import { channelKindOf } from './channels.ts'
import type { ChannelDecision } from './decide-channel.ts'
import type { AlertEvent, Stretch } from './event.ts'

/** What all plans begin with. */
export interface PlanContext {
  readonly stack: string
  readonly host: string
  readonly channels: readonly AlertChannel[]
  readonly state: AlertState
  /** Epoch milliseconds. */
  readonly now: number
}

/** For one channel. */
export interface ChannelPlan {
  readonly alerts: readonly PlannedAlert[]
  /** Whatever becomes of the alerts. */
  readonly quiet?: Remember
}

export const NOTHING: ChannelPlan = { alerts: [] }

/** Plans for one channel after the other. */
export function planFor(
  { channels, state }: PlanContext,
  planOne: (channel: AlertChannel, before: ChannelState) => ChannelPlan,
): AlertPlan {
  const plans = channels.map((channel) => ({ channel, ...planOne(channel, channelState(state, channel.name)) }))
  return {
    alerts: plans.flatMap(({ alerts }) => alerts),
    quiet: plans.flatMap(({ channel, quiet }) => (quiet ? [{ channel: channel.name, remember: quiet }] : [])),
  }
}

/** One alert that tells of several decisions; none when there are none. */
export function told(channel: AlertChannel, decisions: readonly ChannelDecision[], event: AlertEvent): PlannedAlert[] {
  if (decisions.length === 0) return []
  return [{ channel: channel.name, event, remember: { subjects: decisions.map(({ key, after }) => ({ key, after })) } }]
}

/** An alert that leaves no trace. */
export function passing(channel: AlertChannel, event: AlertEvent): PlannedAlert {
  return { channel: channel.name, event, remember: NOTHING_TO_REMEMBER }
}

/** What each event says of itself. */
export function origin({ stack, host, now }: PlanContext): { stack: string; host: string; at: number } {
  return { stack, host, at: now }
}

export function isMonitor({ kind }: AlertChannel): boolean {
  return channelKindOf(kind).audience === 'monitor'
}

export function isUnstable(decisions: readonly ChannelDecision[]): { unstable?: true } {
  return decisions.some(({ unstable }) => unstable) ? { unstable: true } : {}
}

export function stretches(decisions: readonly ChannelDecision[]): Stretch[] {
  return decisions.map(({ subject, condition, since, until, unstable }) => ({
    subject,
    condition,
    since,
    unstable,
    ...(until !== undefined && { until }),
  }))
}
