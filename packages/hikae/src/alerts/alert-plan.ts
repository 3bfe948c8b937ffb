import type { LastDigest } from './alert-state.ts'
import type { AlertEvent } from './event.ts'
import type { SubjectState } from './policy.ts'

/** An alert for one channel. */
export interface PlannedAlert {
  /** The name of the channel. */
  readonly channel: string
  readonly event: AlertEvent
  /** What is remembered once it was sent. */
  readonly remember: Remember
}

/** Changes only: what other runs remember in the meantime is kept. */
export interface Remember {
  readonly subjects: readonly { readonly key: string; readonly after: SubjectState }[]
  readonly digest?: LastDigest
}

/** What is to be sent, and what is remembered whatever becomes of it. */
export interface AlertPlan {
  readonly alerts: readonly PlannedAlert[]
  readonly quiet: readonly { readonly channel: string; readonly remember: Remember }[]
}

export const NOTHING_TO_REMEMBER: Remember = { subjects: [] }
