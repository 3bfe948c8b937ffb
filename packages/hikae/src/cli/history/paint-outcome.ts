import type { RunOutcome } from '../../state/run-record.ts'
import type { Paint } from '../output/style.ts'

const COLOURS = {
  succeeded: 'green',
  incomplete: 'yellow',
  cancelled: 'yellow',
  interrupted: 'red',
  failed: 'red',
} as const

/** An outcome as a word; `running` when there is none yet. */
export function paintOutcome(outcome: RunOutcome | undefined, paint: Paint): string {
  return outcome === undefined ? paint('cyan', 'running') : paint(COLOURS[outcome], outcome)
}
