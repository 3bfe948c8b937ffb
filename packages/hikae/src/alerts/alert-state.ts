import type { SubjectState } from './policy.ts'

/** What is remembered between evaluations. JSON; losing it means that what lasts is told again. */
export interface AlertState {
  /** By the name of the channel. */
  readonly channels: Readonly<Record<string, ChannelState>>
}

export interface ChannelState {
  /** By {@link subjectKey}. */
  readonly subjects: Readonly<Record<string, SubjectState>>
  /** What could not be sent, by the same keys, or {@link DIGEST}. */
  readonly unsent: Readonly<Record<string, Unsent>>
  readonly digest: LastDigest | null
}

export interface Unsent {
  readonly attempts: number
  readonly lastAttempt: number
}

export interface LastDigest {
  /** As {@link digestPeriod} names it. */
  readonly period: string
  readonly at: number
}

/** Not JSON, as the keys of subjects are. */
export const DIGEST = 'digest'

export const NO_ALERT_STATE: AlertState = { channels: {} }

const NO_CHANNEL_STATE: ChannelState = { subjects: {}, unsent: {}, digest: null }

export function channelState(state: AlertState, channel: string): ChannelState {
  return state.channels[channel] ?? NO_CHANNEL_STATE
}

export function withChannel(state: AlertState, channel: string, next: ChannelState): AlertState {
  return { channels: { ...state.channels, [channel]: next } }
}
