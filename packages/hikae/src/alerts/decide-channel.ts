import type { Remember } from './alert-plan.ts'
import type { AlertChannel, AlertOccasion } from './alert-schema.ts'
import type { ChannelState, Unsent } from './alert-state.ts'
import type { BadCondition, Stretch } from './event.ts'
import { decide, type Decision, type SubjectState } from './policy.ts'
import type { Observation } from './subject.ts'

const FIRST_RETRY_MS = 10 * 60_000
const LONGEST_RETRY_MS = 24 * 3_600_000

const OCCASIONS: Readonly<Record<BadCondition, AlertOccasion>> = {
  failed: 'failure',
  incomplete: 'incomplete',
  overdue: 'overdue',
}

export interface ChannelDecision extends Stretch {
  readonly kind: Decision['kind']
  readonly key: string
  /** Of the subject, once this was sent. */
  readonly after: SubjectState
}

export interface ChannelDecisions {
  readonly decisions: readonly ChannelDecision[]
  /** Of the subjects of which nothing is to be sent. */
  readonly quiet: Remember
}

/**
 * Asks the policy about each subject, for one channel. Conditions that the channel is not to hear of count as not seen.
 * What could not be sent is decided anew, with growing pauses.
 */
export function decideForChannel(
  channel: Pick<AlertChannel, 'on' | 'reminderMs'>,
  before: ChannelState,
  observations: readonly Observation[],
  now: number,
): ChannelDecisions {
  const quiet: { key: string; after: SubjectState }[] = []
  const decisions: ChannelDecision[] = []
  for (const { key, subject, condition } of observations) {
    if (condition !== 'good' && !channel.on.includes(OCCASIONS[condition])) continue
    const { decision, state: after } = decide(before.subjects[key], condition, now, channel)
    if (!decision || (decision.kind === 'recovery' && !channel.on.includes('recovery'))) quiet.push({ key, after })
    else if (!isTooEarly(before.unsent[key], now)) decisions.push({ ...decision, key, subject, after })
  }
  return { decisions, quiet: { subjects: quiet } }
}

/** Whether the last attempt was so short a time ago that another would only be a nuisance. */
export function isTooEarly(unsent: Unsent | undefined, now: number): boolean {
  if (!unsent || unsent.lastAttempt > now) return false
  const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** (unsent.attempts - 1), LONGEST_RETRY_MS)
  return now < unsent.lastAttempt + pauseMs
}
