import { createReadStream } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { systemCode } from '../errors.ts'
import { isRunId } from './run-id.ts'
import { RunLog, type RunLogOptions } from './run-log.ts'
import type { RunId } from './run-record.ts'

/** How soon those who follow a log see what is new. */
const FOLLOW_MS = 250

const SUFFIX = '.jsonl'

export interface FollowOptions {
  /** Whether nothing will be added any more; asked before what is there is read. */
  readonly isOver: () => boolean
  readonly signal: AbortSignal
}

/** The logs of runs: a file for each. */
export class RunLogs {
  readonly #folder: string
  readonly #options: RunLogOptions

  constructor(stateFolder: string, options: RunLogOptions) {
    this.#folder = join(stateFolder, 'logs')
    this.#options = options
  }

  path(run: RunId): string {
    return join(this.#folder, run + SUFFIX)
  }

  /** To be written, once for each run; the caller closes it. */
  open(run: RunId): RunLog {
    return new RunLog(this.path(run), this.#options)
  }

  /**
   * The lines of a log, as they are; `parseLogLine` reads them. A last line without its end is one too.
   *
   * @returns nothing when the run has no log
   */
  async *read(run: RunId): AsyncGenerator<string, void, undefined> {
    yield* this.#linesFrom(run, { bytes: 0 }, 'all')
  }

  /** The same, and then what is added, until the run is over. */
  async *follow(run: RunId, { isOver, signal }: FollowOptions): AsyncGenerator<string, void, undefined> {
    const position = { bytes: 0 }
    for (;;) {
      signal.throwIfAborted()
      const wasOver = isOver()
      yield* this.#linesFrom(run, position, wasOver ? 'all' : 'whole')
      if (wasOver) return
      await setTimeout(FOLLOW_MS, undefined, { signal })
    }
  }

  async remove(run: RunId): Promise<void> {
    await rm(this.path(run), { force: true })
  }

  /** Runs that have a log, whether or not the history knows them. */
  async runs(): Promise<RunId[]> {
    const names = await namesIn(this.#folder)
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
      .filter(isRunId)
  }

  /** @param position where to begin; moved on behind each line @param which `whole`: not a line whose end is not there yet */
  async *#linesFrom(
    run: RunId,
    position: { bytes: number },
    which: 'all' | 'whole',
  ): AsyncGenerator<string, void, undefined> {
    let pending = Buffer.alloc(0)
    for await (const chunk of this.#chunksFrom(run, position.bytes)) {
      pending = Buffer.concat([pending, chunk])
      for (let end = pending.indexOf('\n'); end !== -1; end = pending.indexOf('\n')) {
        position.bytes += end + 1
        yield pending.toString('utf8', 0, end)
        pending = pending.subarray(end + 1)
      }
    }
    if (which === 'whole' || pending.length === 0) return
    position.bytes += pending.length
    yield pending.toString()
  }

  async *#chunksFrom(run: RunId, start: number): AsyncGenerator<Buffer, void, undefined> {
    try {
      for await (const chunk of createReadStream(this.path(run), { start })) yield chunk as Buffer
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
