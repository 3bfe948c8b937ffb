import type { AlertChannel } from './alert-schema.ts'
import type { AlertPlan } from './alert-plan.ts'
import { DIGEST } from './alert-state.ts'
import { isTooEarly } from './decide-channel.ts'
import { digestPeriod } from './digest-period.ts'
import type { AlertEvent, Digest } from './event.ts'
import { isMonitor, NOTHING, origin, type PlanContext, planFor } from './plan-for.ts'

/**
 * Digests that are due. The first period of a channel begins when it is first seen here; its digest comes at the end of it.
 *
 * @param digestOf makes the digest of a time, of what the channel is interested in
 */
export function planDigests(
  digestOf: (from: number, to: number, channel: AlertChannel) => Digest,
  timeZone: string,
  context: PlanContext,
): AlertPlan {
  const { now } = context
  return planFor(context, (channel, before) => {
    if (channel.digest === null || isMonitor(channel)) return NOTHING
    const last = { period: digestPeriod(channel.digest, now, timeZone), at: now }
    if (!before.digest) return { alerts: [], quiet: { subjects: [], digest: last } }
    if (last.period <= before.digest.period || isTooEarly(before.unsent[DIGEST], now)) return NOTHING
    const event: AlertEvent = {
      kind: 'digest',
      ...origin(context),
      digest: digestOf(before.digest.at, now, channel),
    }
    return { alerts: [{ channel: channel.name, event, remember: { subjects: [], digest: last } }] }
  })
}
