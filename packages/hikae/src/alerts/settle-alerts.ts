import type { AlertPlan, PlannedAlert, Remember } from './alert-plan.ts'
import { type AlertState, channelState, type ChannelState, DIGEST, type Unsent, withChannel } from './alert-state.ts'
import type { Delivery } from './send.ts'

/**
 * What is remembered after sending. What was sent counts as told; what was not is as if it had not been decided, so that the
 * next evaluation decides again.
 *
 * @param deliveries one for each alert of the plan, in its order
 */
export function settleAlerts({ alerts, state }: AlertPlan, deliveries: readonly Delivery[]): AlertState {
  return alerts.reduce((settled, alert, index) => {
    const before = channelState(settled, alert.channel)
    const delivery = deliveries[index]
    if (!delivery) return settled
    return withChannel(
      settled,
      alert.channel,
      delivery.sent ? told(before, alert) : notTold(before, alert, delivery.at),
    )
  }, state)
}

function told(before: ChannelState, { remember }: PlannedAlert): ChannelState {
  const { decisions, digest } = remember
  const keys = new Set(keysOf(remember))
  return {
    subjects: { ...before.subjects, ...Object.fromEntries(decisions.map(({ key, after }) => [key, after])) },
    unsent: Object.fromEntries(Object.entries(before.unsent).filter(([key]) => !keys.has(key))),
    digest: digest ?? before.digest,
  }
}

function notTold(before: ChannelState, { remember }: PlannedAlert, now: number): ChannelState {
  const failed = keysOf(remember).map((key): [string, Unsent] => [
    key,
    { attempts: (before.unsent[key]?.attempts ?? 0) + 1, lastAttempt: now },
  ])
  return { ...before, unsent: { ...before.unsent, ...Object.fromEntries(failed) } }
}

function keysOf({ decisions, digest }: Remember): string[] {
  return [...decisions.map(({ key }) => key), ...(digest ? [DIGEST] : [])]
}
