import { type Lag, lagOf } from '../../repositories/freshness.ts'
import { formatAge } from '../output/age.ts'
import { formatQuantity } from '../output/format.ts'
import { printableText } from '../output/printable.ts'
import type { ReachedRepository, SurveyedRepository } from './survey.ts'

export type Freshness =
  | { readonly kind: 'level' }
  /** No other repository answered. */
  | { readonly kind: 'alone' }
  | ({ readonly kind: 'behind' } & Lag<ReachedRepository>)

/** How a repository stands against the others that answered. */
export function freshnessOf(repository: ReachedRepository, all: readonly SurveyedRepository[]): Freshness {
  const siblings = all.filter((other) => other.kind === 'reached' && other !== repository) as ReachedRepository[]
  if (siblings.length === 0) return { kind: 'alone' }
  const lag = lagOf(repository, siblings, repository.pending)
  return lag === undefined ? { kind: 'level' } : { kind: 'behind', ...lag }
}

/** `level`, `2 snapshots behind usb, newest is 1 d older` */
export function describeFreshness(freshness: Freshness): string {
  if (freshness.kind !== 'behind') return freshness.kind === 'level' ? 'level' : ''
  const { behind, snapshots, olderByMs } = freshness
  const older = olderByMs === undefined || olderByMs === 0 ? '' : `, newest is ${formatAge(olderByMs)} older`
  return `${formatQuantity(snapshots, 'snapshot')} behind ${printableText(behind.label)}${older}`
}

export function freshnessJson(freshness: Freshness): object {
  if (freshness.kind !== 'behind') return { freshness: freshness.kind }
  const { behind, snapshots, olderByMs } = freshness
  return {
    freshness: 'behind',
    behind: {
      repository: behind.label,
      snapshots,
      ...(olderByMs === undefined ? {} : { older_by_seconds: Math.round(olderByMs / 1000) }),
    },
  }
}
