import type { AlertPlan } from './alert-plan.ts'
import { type ChannelDecision, decideForChannel } from './decide-channel.ts'
import type { Freshness } from './event.ts'
import { isUnstable, origin, type PlanContext, planFor, stretches, told } from './plan-for.ts'
import { freshnessForChannel } from './report-for-channel.ts'
import { observeFreshness } from './subject.ts'

/** Every promise that is measured, kept or broken: after runs, on the daemon's clock, and for `hikae status --alert`. */
export function planFreshnessAlerts(items: readonly Freshness[], context: PlanContext): AlertPlan {
  return planFor(context, (channel, before) => {
    const seen = freshnessForChannel(items, channel)
    const observations = observeFreshness(seen)
    const { decisions, quiet } = decideForChannel(channel, before, observations, context.now)
    const overdue = (kind: ChannelDecision['kind']) => {
      const chosen = decisions.filter((decision) => decision.kind === kind)
      return { chosen, items: seen.filter((_, index) => chosen.some(({ key }) => key === observations[index]!.key)) }
    }
    const [fresh, lasting, over] = [overdue('alert'), overdue('reminder'), overdue('recovery')]
    const from = origin(context)
    const unstable = isUnstable(fresh.chosen)
    return {
      quiet,
      alerts: [
        ...told(channel, fresh.chosen, { kind: 'overdue', ...from, items: fresh.items, ...unstable }),
        ...told(channel, lasting.chosen, {
          kind: 'reminder',
          ...from,
          about: stretches(lasting.chosen),
          items: lasting.items,
        }),
        ...told(channel, over.chosen, { kind: 'recovery', ...from, recovered: stretches(over.chosen) }),
      ],
    }
  })
}
