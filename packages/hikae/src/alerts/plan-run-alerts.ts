import type { AlertChannel } from './alert-schema.ts'
import type { AlertPlan } from './alert-plan.ts'
import { type ChannelDecision, type ChannelDecisions, decideForChannel } from './decide-channel.ts'
import type { AlertEvent, Freshness, RunReport, Subject } from './event.ts'
import {
  type ChannelPlan,
  isMonitor,
  isUnstable,
  NOTHING,
  origin,
  passing,
  type PlanContext,
  planFor,
  stretches,
  told,
} from './plan-for.ts'
import { isMaintenanceTask } from '../maintenance/task.ts'
import { concerns, freshnessForChannel, isDamage, reportForChannel } from './report-for-channel.ts'
import { observeFreshness, observeRun } from './subject.ts'

/** A run starts: monitors are told. */
export function planStartAlerts(run: { job: string; run: string }, context: PlanContext): AlertPlan {
  return planFor(context, (channel) => {
    if (!isMonitor(channel) || (channel.jobs && !channel.jobs.includes(run.job))) return NOTHING
    if (isMaintenanceTask(run.job) && !channel.jobs) return NOTHING
    return { alerts: [passing(channel, { kind: 'start', ...origin(context), ...run })] }
  })
}

/**
 * A run has ended: monitors are told in any case, people of what is new or has lasted.
 *
 * @param freshness of the job after the run, so that one message tells of all that is over
 */
export function planRunAlerts(report: RunReport, freshness: readonly Freshness[], context: PlanContext): AlertPlan {
  return planFor(context, (channel, before) => {
    const seen = reportForChannel(report, channel)
    if (!seen) return NOTHING
    if (isMonitor(channel)) return monitorRun(seen, channel, context)
    const kept = freshnessForChannel(freshness, channel).filter(({ overdueSince }) => overdueSince === null)
    const observations = [...observeRun(seen), ...observeFreshness(kept)]
    return peopleRun(seen, channel, decideForChannel(channel, before, observations, context.now), context)
  })
}

/**
 * How maintenance stands between its runs, which may be weeks apart: people are reminded of what lasts, told what could not
 * be sent before, and told when it is over.
 *
 * @param report the last run, with what has changed since
 */
export function planStandingAlerts(report: RunReport, context: PlanContext): AlertPlan {
  return planFor(context, (channel, before) => {
    const seen = reportForChannel(report, channel)
    if (!seen || isMonitor(channel)) return NOTHING
    const { decisions, quiet } = decideForChannel(channel, before, observeRun(seen), context.now)
    // That it goes well was news when the run ended.
    if (decisions.length === 0) return { alerts: [], quiet }
    return peopleRun(seen, channel, { decisions, quiet }, context)
  })
}

function monitorRun(report: RunReport, channel: AlertChannel, context: PlanContext): ChannelPlan {
  const kind = kindOf(report)
  if (!channel.on.includes(kind)) return NOTHING
  // A monitor counts the signs of life of backups: that a prune went well is none, unless that is what it is for.
  if (report.repositories && !channel.jobs?.includes(report.job) && !isDamage(report)) return NOTHING
  return { alerts: [passing(channel, { kind, ...origin(context), report })] }
}

function peopleRun(
  report: RunReport,
  channel: AlertChannel,
  { decisions, quiet }: ChannelDecisions,
  context: PlanContext,
): ChannelPlan {
  const of = (kind: ChannelDecision['kind']) => decisions.filter((decision) => decision.kind === kind)
  const [fresh, lasting] = [of('alert'), of('reminder')]
  const isPartly = report.outcome !== 'succeeded'
  // The run as a whole does not work again as long as a part of it does not: that it fails for another reason is no news.
  const over = of('recovery').filter(({ subject }) => !isPartly || isPart(subject))
  const untold = of('recovery').filter((decision) => !over.includes(decision))
  const from = origin(context)
  // One message tells of all that is wrong: reminders that are due at the same time need none of their own.
  const bad = [...fresh, ...lasting]
  const event: AlertEvent =
    fresh.length > 0
      ? { kind: kindOf(report), ...from, report, ...isUnstable(fresh) }
      : { kind: 'reminder', ...from, report, about: stretches(lasting) }
  const alerts = [
    ...told(channel, bad, event),
    ...told(channel, over, { kind: 'recovery', ...from, report, recovered: stretches(over) }),
  ]
  const isMeant = !report.repositories || concerns(report, channel)
  const isNews = alerts.length === 0 && !isPartly && isMeant && channel.on.includes('success')
  return {
    quiet: { subjects: [...quiet.subjects, ...untold] },
    alerts: isNews ? [passing(channel, { kind: 'success', ...from, report })] : alerts,
  }
}

function isPart({ source, repository }: Subject): boolean {
  return source !== undefined || repository !== undefined
}

function kindOf({ outcome }: RunReport): 'failure' | 'incomplete' | 'success' {
  if (outcome === 'failed') return 'failure'
  return outcome === 'incomplete' ? 'incomplete' : 'success'
}
