import type { BadCondition } from './event.ts'

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS

/** So many troubles within so many reminder intervals are told one by one; then the subject counts as unstable. */
const TOLD_SINGLY = 3
const FLAP_INTERVALS = 3

const RANK: Readonly<Record<BadCondition, number>> = { incomplete: 1, failed: 2, overdue: 3 }

export type Condition = 'good' | BadCondition

/** What is remembered of a subject. JSON. */
export interface SubjectState {
  /** What people were told last and that was not taken back since; null: nothing, or that all is well. */
  readonly told: Told | null
  /** Since when it has been good; null while it is bad. */
  readonly goodSince: number | null
  /** When troubles were told that began. */
  readonly recent: readonly number[]
}

export interface Told {
  /** The worst that was told. */
  readonly condition: BadCondition
  readonly since: number
  readonly lastAlert: number
  readonly reminders: number
  readonly unstable: boolean
}

export interface ReminderPolicy {
  /** The interval before the first reminder; each further one is twice as long, up to a week. Null: none are sent. */
  readonly reminderMs: number | null
}

export interface Decision {
  /** `alert`: it began, or became worse. */
  readonly kind: 'alert' | 'reminder' | 'recovery'
  /** For a recovery: the worst that was told. */
  readonly condition: BadCondition
  readonly since: number
  readonly unstable: boolean
  /** For a recovery: since when it is good. */
  readonly until?: number
}

export interface Decided {
  /** Undefined: nobody is told. */
  readonly decision?: Decision
  /** Valid when the decision has been carried out. */
  readonly state: SubjectState
}

/**
 * Decides about one subject, seen in one condition at one moment: trouble is told at once, and once; then come reminders
 * in growing intervals; its end is told once. What comes and goes too often is told as unstable, and after that as good
 * only when it was good for a whole interval.
 *
 * @param now epoch milliseconds; a clock that was set back costs no reminder
 */
export function decide(
  before: SubjectState | undefined,
  condition: Condition,
  now: number,
  policy: ReminderPolicy,
): Decided {
  const intervalMs = policy.reminderMs ?? DAY_MS
  const recent = (before?.recent ?? []).filter((time) => time <= now && time > now - FLAP_INTERVALS * intervalMs)
  const goodSince = Math.min(before?.goodSince ?? now, now)
  const told = before?.told ?? null
  if (condition === 'good') return seenGood({ told, goodSince, recent }, now, intervalMs)
  if (told === null) return firstSeenBad(condition, recent, now)
  const stays = { ...told, lastAlert: Math.min(told.lastAlert, now) }
  return seenBadAgain(stays, condition, recent, now, policy)
}

function seenGood({ told, goodSince, recent }: SubjectState & { goodSince: number }, now: number, stableMs: number) {
  if (told === null || (told.unstable && now - goodSince < stableMs)) return { state: { told, goodSince, recent } }
  const { condition, since, unstable } = told
  return {
    decision: { kind: 'recovery', condition, since, unstable, until: goodSince },
    state: { told: null, goodSince, recent },
  } satisfies Decided
}

function firstSeenBad(condition: BadCondition, recent: readonly number[], now: number): Decided {
  const unstable = recent.length >= TOLD_SINGLY
  return {
    decision: { kind: 'alert', condition, since: now, unstable },
    state: {
      told: { condition, since: now, lastAlert: now, reminders: 0, unstable },
      goodSince: null,
      recent: [...recent, now],
    },
  }
}

function seenBadAgain(
  told: Told,
  condition: BadCondition,
  recent: readonly number[],
  now: number,
  { reminderMs }: ReminderPolicy,
): Decided {
  const { since, unstable } = told
  if (RANK[condition] > RANK[told.condition]) {
    return {
      decision: { kind: 'alert', condition, since, unstable },
      state: { told: { ...told, condition, lastAlert: now, reminders: 0 }, goodSince: null, recent },
    }
  }
  if (reminderMs === null || now < told.lastAlert + reminderInterval(reminderMs, told.reminders)) {
    return { state: { told, goodSince: null, recent } }
  }
  return {
    decision: { kind: 'reminder', condition, since, unstable },
    state: { told: { ...told, lastAlert: now, reminders: told.reminders + 1 }, goodSince: null, recent },
  }
}

function reminderInterval(firstMs: number, sent: number): number {
  return Math.min(firstMs * 2 ** sent, Math.max(WEEK_MS, firstMs))
}
