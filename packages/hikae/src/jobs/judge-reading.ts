import type { JudgedReading, SourceSize } from '../points/read-source.ts'
import type { Finding } from '../sources/finding.ts'

export interface Expectations {
  /** The share of its size that a source may lose from one run to the next, 0 to 1; 1 lets it lose all. */
  readonly mostShrinkage: number
  /** There may be nothing in it. */
  readonly mayBeEmpty: boolean
}

/** Smaller sources change a lot without meaning anything. */
const SMALLEST_BYTES = 64 * 1024
const SMALLEST_FILES = 20

/** Whether what was read is less than can be believed: nothing at all, or much less than the last time that all was well. */
export function judgeReading(
  { reading, size, previous }: JudgedReading,
  { mostShrinkage, mayBeEmpty }: Expectations,
): Finding[] {
  if (reading.isEmpty) return mayBeEmpty ? [] : [empty()]
  if (!previous || mostShrinkage >= 1) return []
  const lost = lostShare(previous, size)
  return lost > mostShrinkage ? [shrunk(lost, previous, size, mostShrinkage)] : []
}

function lostShare(previous: SourceSize, now: SourceSize): number {
  const bytes = previous.bytes >= SMALLEST_BYTES ? 1 - now.bytes / previous.bytes : 0
  const files = previous.files >= SMALLEST_FILES ? 1 - now.files / previous.files : 0
  return Math.max(bytes, files)
}

function empty(): Finding {
  return {
    severity: 'error',
    message: 'there is nothing in it',
    hint: 'if that is right, say mayBeEmpty: true in the stack file; else find out what has become of its content',
  }
}

function shrunk(lost: number, previous: SourceSize, now: SourceSize, threshold: number): Finding {
  const percent = (share: number): string => `${Math.floor(share * 100)} %`
  return {
    severity: 'error',
    message: `it has lost ${percent(lost)} since the last good run: ${previous.files} files of ${previous.bytes} bytes were ${now.files} files of ${now.bytes} bytes this time`,
    hint: `if that is right, run the job with --accept-shrinkage, or allow more than ${percent(threshold)} with shrink: in the stack file`,
  }
}
