import type { SourceResult } from '../state/run-record.ts'
import { SourceRun, type SourceRunOptions } from './source-run.ts'

/** Examines a source, reads it once into all repositories and looks at what they hold then. Never throws. */
export async function runSource(options: SourceRunOptions): Promise<SourceResult> {
  await using run = new SourceRun(options)
  return (await run.isReady()) ? await run.read(() => run.open()) : run.failed()
}
