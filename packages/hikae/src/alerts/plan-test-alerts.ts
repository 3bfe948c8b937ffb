import type { AlertPlan } from './alert-plan.ts'
import { origin, passing, type PlanContext, planFor } from './plan-for.ts'

/** For `hikae alerts test`: one to each channel. */
export function planTestAlerts(context: PlanContext): AlertPlan {
  return planFor(context, (channel) => ({ alerts: [passing(channel, { kind: 'test', ...origin(context) })] }))
}
