import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { NO_ALERT_STATE, type AlertState } from '../../alerts/alert-state.ts'
import type { AlertChannel } from '../../alerts/alert-schema.ts'
import type { AlertPlan } from '../../alerts/alert-plan.ts'
import type { Freshness } from '../../alerts/event.ts'
import type { PlanContext } from '../../alerts/plan-for.ts'
import { planDigests } from '../../alerts/plan-digests.ts'
import { planFreshnessAlerts } from '../../alerts/plan-freshness-alerts.ts'
import { planRunAlerts, planStandingAlerts, planStartAlerts } from '../../alerts/plan-run-alerts.ts'
import { planTestAlerts } from '../../alerts/plan-test-alerts.ts'
import { type Delivery, sendAlerts } from '../../alerts/send.ts'
import { settleAlerts } from '../../alerts/settle-alerts.ts'
import type { JsonValue } from '../../state/step-facts.ts'
import type { StatedJob } from '../../jobs/source-status.ts'
import type { State } from '../../state/state.ts'
import type { CommandContext } from '../context.ts'
import { printableText } from '../output/printable.ts'
import { expectedJobs } from '../jobs/labelled/expected-jobs.ts'
import { waitedFor } from '../jobs/labelled/remember-labelled.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import type { EndedRun } from '../jobs/stack-runner.ts'
import { alertReport } from './alert-report.ts'
import { standingReport } from './standing-report.ts'
import { digestOf } from './digest-of.ts'

/** Under which what alerts remember is kept. */
const STATE_KEY = 'alerts'

/** Tells people of what happens to a stack. What cannot be sent is said, and never fails anything. */
export class Alerting {
  readonly #stack: StackJobs
  readonly #state: State
  readonly #context: CommandContext

  constructor(stack: StackJobs, state: State, context: CommandContext) {
    this.#stack = stack
    this.#state = state
    this.#context = context
  }

  async started(job: string, run: string): Promise<void> {
    await this.#carryOut((context) => planStartAlerts({ job, run }, context))
  }

  async ended(run: EndedRun): Promise<void> {
    // Who stops a run knows that it was stopped.
    if (run.outcome === 'cancelled') return
    const freshness = this.#freshness().filter(({ job }) => job === run.job)
    await this.#carryOut((context) => planRunAlerts(alertReport(run), freshness, context))
  }

  /** Also when the daemon died, or nothing ran: somebody else asks, for instance cron. */
  async overdue(items: readonly Freshness[]): Promise<void> {
    await this.#carryOut((context) => planFreshnessAlerts(items, context))
  }

  /** What time alone brings about, by what is remembered: overdue sources, reminders, digests. */
  async tick(): Promise<void> {
    await this.overdue(this.#freshness())
    await this.maintenance()
    const { timeZone } = this.#stack
    const { runs } = this.#state
    const jobs = this.#expected()
    await this.#carryOut((context) =>
      planDigests((from, to, channel) => digestOf({ from, to, channel }, jobs, runs), timeZone, context),
    )
  }

  /** How maintenance stands by its last runs, and by what people have checked since. */
  async maintenance(): Promise<void> {
    for (const { name } of this.#stack.maintenance) {
      const report = await standingReport(name, this.#state.runs, this.#context.env)
      if (report) await this.#carryOut((context) => planStandingAlerts(report, context))
    }
  }

  /** One to each channel. */
  async test(): Promise<readonly Delivery[]> {
    return await this.#carryOut(planTestAlerts)
  }

  /** Of the stack file, and what containers brought when they were asked last: alerts depend on no engine. */
  #expected(): readonly StatedJob[] {
    return expectedJobs(this.#stack, waitedFor(this.#stack, this.#state))
  }

  /** By what is remembered; a source that was never saved has been waited for since it or its job was first seen. */
  #freshness(): Freshness[] {
    const { runs, schedules } = this.#state
    return this.#expected().flatMap(({ name: job, sources, objectives: { rpoMs } }) => {
      if (rpoMs === undefined) return []
      return sources.map(({ name: source, firstSeen }): Freshness => {
        const last = runs.lastGood(source)?.result.startedAt
        const until = Date.parse(last ?? firstSeen ?? schedules.see(job).firstSeen) + rpoMs
        const lastGood = last === undefined ? null : Date.parse(last)
        return { job, source, lastGood, rpoMs, overdueSince: until < Date.now() ? until : null }
      })
    })
  }

  async #carryOut(plan: (context: PlanContext) => AlertPlan): Promise<readonly Delivery[]> {
    const channels = this.#channels()
    if (channels.length === 0) return []
    const { name, stack } = this.#stack
    const now = Date.now()
    const planned = plan({ stack: name, host: hostname(), channels, state: this.#remembered(), now })
    const deliveries = await sendAlerts(planned.alerts, channels, {
      env: this.#context.env,
      // What is wrong is told also when the run was told to stop; sending ends by itself.
      signal: new AbortController().signal,
      language: stack.config.language,
      timeZone: this.#stack.timeZone,
      now: Date.now,
      resolvePath: (path) => resolve(stack.folder, path),
    })
    const settled = settleAlerts(this.#remembered(), planned, deliveries)
    this.#state.alerts.set(STATE_KEY, settled as unknown as JsonValue)
    for (const delivery of deliveries) if (!delivery.sent) this.#tell(delivery)
    return deliveries
  }

  #channels(): readonly AlertChannel[] {
    return this.#stack.stack.config.alerts
  }

  #remembered(): AlertState {
    return (this.#state.alerts.get(STATE_KEY) as AlertState | undefined) ?? NO_ALERT_STATE
  }

  #tell({ trouble: { message, hint } }: Extract<Delivery, { sent: false }>): void {
    const next = hint === undefined ? '' : `\nnext: ${printableText(hint)}`
    this.#context.out.warn(`an alert was not sent: ${printableText(message)}${next}`)
  }
}
