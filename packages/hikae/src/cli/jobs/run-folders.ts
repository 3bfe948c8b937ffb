import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../errors.ts'
import type { RunFolders } from '../../jobs/run-context.ts'

/** Below the state of the stack: what sources keep from run to run, and what they need while one lasts. */
export class StackFolders {
  readonly #folder: string

  /** @param folder of the stack's state */
  constructor(folder: string) {
    this.#folder = folder
  }

  forRun(runId: string): RunFolders {
    return {
      scratch: async (source) => {
        await mkdir(this.#scratch(runId), { recursive: true, mode: 0o700 })
        const path = await mkdtemp(join(this.#scratch(runId), `${source}-`))
        return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
      },
      state: async (source) => {
        const path = join(this.#folder, 'sources', source)
        await mkdir(path, { recursive: true, mode: 0o700 })
        return path
      },
      remembered: () => namesIn(join(this.#folder, 'sources')),
    }
  }

  /** For this process, outside of runs. */
  forCommand(): RunFolders {
    return this.forRun(`command-${process.pid}`)
  }

  /** Removes what a run needed while it lasted. */
  async removeScratch(runId: string): Promise<void> {
    await rm(this.#scratch(runId), { recursive: true, force: true })
  }

  /** Runs that have left something behind, or are at work; also commands that have, and are not any more. */
  async runsWithScratch(): Promise<string[]> {
    return (await namesIn(join(this.#folder, 'scratch'))).filter((name) => !isCommandAtWork(name))
  }

  #scratch(runId: string): string {
    return join(this.#folder, 'scratch', runId)
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

function isCommandAtWork(name: string): boolean {
  const [, pid] = /^command-(\d+)$/.exec(name) ?? []
  if (pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return true
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}
