import type { SourceStatus } from '../../jobs/source-status.ts'
import type { DrillRecord } from '../../state/drills.ts'
import { isTooSlow } from '../drill/drill-view.ts'
import { tookText } from '../drill/took-text.ts'
import { formatAge } from '../output/age.ts'
import type { Output } from '../output/output.ts'

/** The last rehearsed restore of each source, by source. */
export type LastDrills = ReadonlyMap<string, DrillRecord>

/** `drilled 3 d ago: back in 0.3 s`; nothing in a stack that was never drilled. */
export function drillText({ source, rtoMs }: SourceStatus, drills: LastDrills, out: Output, nowMs: number): string {
  if (drills.size === 0) return ''
  const drill = drills.get(source)
  if (!drill) return 'never drilled'
  const age = formatAge(nowMs - Date.parse(drill.startedAt))
  if (drill.outcome === 'failed') return out.paint('red', `drill failed ${age} ago`)
  const took = `drilled ${age} ago: ${drill.outcome === 'incomplete' ? 'not all ' : ''}back in ${tookText(drill.seconds)}`
  return isTooSlow(drill, rtoMs) ? out.paint('yellow', `${took} (promised: ${formatAge(rtoMs!)})`) : took
}

/** Whether what was rehearsed last came back, and in time. */
export function isDrillFine({ source, rtoMs }: SourceStatus, drills: LastDrills): boolean {
  const drill = drills.get(source)
  return drill === undefined || (drill.outcome !== 'failed' && !isTooSlow(drill, rtoMs))
}

/** How long all would take, one after the other, as far as it was rehearsed. */
export function timeToBeBack(sources: readonly SourceStatus[], drills: LastDrills): string {
  const measured = sources
    .flatMap(({ source }) => drills.get(source) ?? [])
    .filter(({ outcome }) => outcome !== 'failed')
  if (measured.length === 0) return 'not measured'
  const sum = tookText(measured.reduce((total, { seconds }) => total + seconds, 0))
  const missing = sources.length - measured.length
  return missing === 0 ? `${sum} as drilled` : `${sum} as drilled, without ${missing} of ${sources.length} sources`
}

/** For programs. */
export function lastDrillJson(drill: DrillRecord | undefined): object | null {
  if (!drill) return null
  const { startedAt, seconds, outcome, snapshot, pointTime, repository, findings } = drill
  return { started_at: startedAt, seconds, outcome, snapshot, time: pointTime, repository, findings }
}
