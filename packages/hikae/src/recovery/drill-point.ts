import { errorMessage, isKnownError } from '../errors.ts'
import type { JobSource } from '../jobs/job.ts'
import type { Finding } from '../sources/finding.ts'
import type { ReadContext } from '../sources/source-kind.ts'
import type { SourcePoint } from '../sources/source-point.ts'

/** `incomplete`: all of the point came back, and something had been missing when it was made. */
export type DrillOutcome = 'succeeded' | 'incomplete' | 'failed'

/** How a rehearsed restore went. */
export interface DrillResult {
  readonly outcome: DrillOutcome
  /** From the first byte that was asked for until all had come back and was looked at: the measured recovery time. */
  readonly seconds: number
  /** What is in the point; absent when that could not be read. */
  readonly size?: DrilledSize
  readonly findings: readonly Finding[]
}

export interface DrilledSize {
  readonly files: number
  /** Of content. */
  readonly bytes: number
}

export interface DrilledPoint {
  /** @throws what the repository holds of it is damaged */
  readonly open: () => Promise<SourcePoint>
  /** Something was missing when it was made. */
  readonly isIncomplete: boolean
}

/**
 * Rehearses the restore of a source: brings the point back into a throwaway place and looks at it. Whatever goes wrong is a
 * finding.
 *
 * @throws the reason of an abort
 */
export async function drillPoint(
  { kind, config }: JobSource,
  { open, isIncomplete }: DrilledPoint,
  context: ReadContext,
): Promise<DrillResult> {
  const { signal } = context
  const begunAt = performance.now()
  const seconds = (): number => Math.round(performance.now() - begunAt) / 1000
  try {
    const point = await open()
    const findings = await kind.verify(config, point, context)
    signal.throwIfAborted()
    const isWrong = findings.some(({ severity }) => severity === 'error')
    const result = { seconds: seconds(), findings: isIncomplete ? [...findings, missingParts()] : findings }
    if (isWrong) return { outcome: 'failed', ...result }
    return { outcome: isIncomplete ? 'incomplete' : 'succeeded', ...result, size: await sizeOf(point, signal) }
  } catch (error) {
    signal.throwIfAborted()
    return { outcome: 'failed', seconds: seconds(), findings: [findingOf(error)] }
  }
}

function missingParts(): Finding {
  return {
    severity: 'warning',
    message: 'something was missing already when the point was made, and cannot come back',
    hint: 'see what with `hikae history`, put that right, and make a whole one: `hikae backup`',
  }
}

async function sizeOf(point: SourcePoint, signal: AbortSignal): Promise<DrilledSize> {
  let [files, bytes] = [0, 0]
  for await (const { type, size } of point.entries()) {
    signal.throwIfAborted()
    if (type !== 'file') continue
    files++
    bytes += size
  }
  return { files, bytes }
}

function findingOf(error: unknown): Finding {
  const hint = isKnownError(error) ? error.hint : undefined
  return { severity: 'error', message: errorMessage(error), ...(hint === undefined ? {} : { hint }) }
}
