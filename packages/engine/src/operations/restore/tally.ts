import { KnownError } from '../../errors.ts'
import { printablePath } from '../../filesystem/byte-path.ts'
import { reviveError, type ThreadError } from '../../workers/thread-error.ts'
import type { RestoreItem, RestoreProblem, RestoreProgress, RestoreReport } from './report.ts'
import { TargetFullError } from './target.ts'

/** Without room or permission no file after this one would fare better. */
const HOPELESS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system has become read-only',
}

/** Counts what a restore does and collects its problems. */
export class Tally {
  filesRestored = 0
  bytesRestored = 0
  filesUnchanged = 0
  bytesUnchanged = 0
  filesDeleted = 0
  directoriesCreated = 0
  verifiedFiles: number | undefined
  currentFile: string | undefined
  readonly problems: RestoreProblem[] = []
  readonly #onItem: ((item: RestoreItem) => void) | undefined
  readonly #startedAt = performance.now()

  constructor(onItem: ((item: RestoreItem) => void) | undefined) {
    this.#onItem = onItem
  }

  item(action: RestoreItem['action'], path: string, size: number): void {
    this.#onItem?.({ action, path, size })
  }

  file(action: 'restored' | 'updated' | 'unchanged', path: string, size: number): void {
    if (action === 'unchanged') this.filesUnchanged++
    else this.filesRestored++
    this.item(action, path, size)
  }

  /** @throws {TargetFullError} the problem is one that no later file would be spared */
  problem(path: string, error: Error | ThreadError): void {
    const reason = HOPELESS[(error as { code?: string }).code ?? '']
    if (reason !== undefined) {
      throw new TargetFullError(`${reason}: ${printablePath(path)} and what follows could not be restored`, {
        hint: 'make room or choose another target, and restore again: what is there already is not written again',
        cause: error,
      })
    }
    this.problems.push({ path, error: error instanceof Error ? error : reviveError(error) })
  }

  /** Something that a synchronous call threw. Bugs are thrown on. */
  caught(path: string, error: unknown): void {
    const isForeseen = error instanceof KnownError || (error instanceof Error && 'code' in error)
    if (!isForeseen) throw error
    this.problem(path, error)
  }

  progress(totals: {
    filesTotal: number
    bytesTotal: number
    filesSkipped: number
    bytesSkipped: number
  }): RestoreProgress {
    return {
      filesDone: this.filesRestored + this.filesUnchanged,
      bytesDone: this.bytesRestored + this.bytesUnchanged,
      filesTotal: totals.filesTotal + totals.filesSkipped,
      bytesTotal: totals.bytesTotal + totals.bytesSkipped,
      filesSkipped: totals.filesSkipped,
      bytesSkipped: totals.bytesSkipped,
      ...(this.currentFile === undefined ? {} : { currentFile: printablePath(this.currentFile) }),
      secondsElapsed: this.#seconds,
    }
  }

  report({ filesSkipped, bytesSkipped }: { filesSkipped: number; bytesSkipped: number }): RestoreReport {
    return {
      filesRestored: this.filesRestored,
      bytesRestored: this.bytesRestored,
      filesUnchanged: this.filesUnchanged,
      bytesUnchanged: this.bytesUnchanged,
      filesSkipped,
      bytesSkipped,
      filesDeleted: this.filesDeleted,
      directoriesCreated: this.directoriesCreated,
      problems: this.problems,
      ...(this.verifiedFiles === undefined ? {} : { verifiedFiles: this.verifiedFiles }),
      seconds: this.#seconds,
    }
  }

  get #seconds(): number {
    return (performance.now() - this.#startedAt) / 1000
  }
}
