import type { AlertPlan, Remember } from './alert-plan.ts'
import { type AlertState, channelState, type ChannelState, DIGEST, type Unsent, withChannel } from './alert-state.ts'
import type { Delivery } from './send.ts'

/**
 * What is remembered after sending. What was sent counts as told; what was not is as if it had not been decided, so that the
 * next evaluation decides again.
 *
 * @param state as it is now: sending takes a while, in which other runs may have changed it
 * @param deliveries one for each alert of the plan, in its order
 */
export function settleAlerts(
  state: AlertState,
  { alerts, quiet }: AlertPlan,
  deliveries: readonly Delivery[],
): AlertState {
  const silent = quiet.map(({ channel, remember }) => ({ channel, change: told(remember) }))
  const loud = alerts.flatMap(({ channel, remember }, index) => {
    const delivery = deliveries[index]
    if (!delivery) return []
    return [{ channel, change: delivery.sent ? told(remember) : notTold(remember, delivery.at) }]
  })
  return [...silent, ...loud].reduce(
    (settled, { channel, change }) => withChannel(settled, channel, change(channelState(settled, channel))),
    state,
  )
}

type Change = (before: ChannelState) => ChannelState

function told(remember: Remember): Change {
  const keys = new Set(keysOf(remember))
  const subjects = Object.fromEntries(remember.subjects.map(({ key, after }) => [key, after]))
  return (before) => ({
    subjects: { ...before.subjects, ...subjects },
    unsent: Object.fromEntries(Object.entries(before.unsent).filter(([key]) => !keys.has(key))),
    digest: remember.digest ?? before.digest,
  })
}

function notTold(remember: Remember, now: number): Change {
  return (before) => {
    const failed = keysOf(remember).map((key): [string, Unsent] => [
      key,
      { attempts: (before.unsent[key]?.attempts ?? 0) + 1, lastAttempt: now },
    ])
    return { ...before, unsent: { ...before.unsent, ...Object.fromEntries(failed) } }
  }
}

function keysOf({ subjects, digest }: Remember): string[] {
  return [...subjects.map(({ key }) => key), ...(digest ? [DIGEST] : [])]
}
