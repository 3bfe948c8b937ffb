import type { PlanProgress, PruneProgress } from '@hikae/engine'
import { formatCount, formatDuration, formatQuantity } from '../output/format.ts'
import type { ProgressView } from '../output/progress.ts'
import { truncateEnd } from '../output/width.ts'

export const PLAN_VIEW: ProgressView<PlanProgress> = {
  lines: (progress, width) => [truncateEnd(describePlanning(progress), width)],
  line: describePlanning,
  json: ({ snapshots, treesDone, secondsElapsed }) => ({
    phase: 'planning',
    seconds_elapsed: Math.floor(secondsElapsed),
    snapshots,
    trees_done: treesDone,
  }),
}

function describePlanning({ snapshots, treesDone, secondsElapsed }: PlanProgress): string {
  const done = `${formatQuantity(snapshots, 'snapshot')}, ${formatQuantity(treesDone, 'directory', 'directories')}`
  return `[${formatDuration(secondsElapsed)}] finding what is needed: ${done}`
}

const DOING: Readonly<Record<PruneProgress['phase'], string>> = {
  'deleting-unindexed': 'deleted',
  repacking: 'rewrote',
  indexing: 'writing the index',
  deleting: 'deleted',
}

export const PRUNE_VIEW: ProgressView<PruneProgress> = {
  lines: (progress, width) => [truncateEnd(describePruning(progress), width)],
  line: describePruning,
  json: ({ phase, packsDone, packsTotal, secondsElapsed }) => ({
    phase,
    seconds_elapsed: Math.floor(secondsElapsed),
    packs_done: packsDone,
    total_packs: packsTotal,
  }),
}

function describePruning({ phase, packsDone, packsTotal, secondsElapsed }: PruneProgress): string {
  const time = `[${formatDuration(secondsElapsed)}]`
  if (phase === 'indexing') return `${time} ${DOING[phase]}`
  return `${time} ${DOING[phase]} ${formatCount(packsDone)} of ${formatQuantity(packsTotal, 'pack')}`
}
