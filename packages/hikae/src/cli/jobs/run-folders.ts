import { mkdir, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from '../../errors.ts'
import type { RunFolders } from '../../jobs/run-context.ts'

const COMMAND = /^command-(\d+)$/
const OWN_COMMAND = `command-${process.pid}`

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
    return this.forRun(OWN_COMMAND)
  }

  /** Removes what is left below of this command when all of its scratch folders are gone. */
  async endCommand(): Promise<void> {
    for (const folder of [this.#scratch(OWN_COMMAND), dirname(this.#scratch(OWN_COMMAND))]) {
      if (!(await removedIfEmpty(folder))) return
    }
  }

  /** Removes what commands have left that were killed. */
  async removeLeftByCommands(): Promise<void> {
    const left = (await this.runsWithScratch()).filter((name) => COMMAND.test(name))
    for (const name of left) await this.removeScratch(name)
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

/** @returns whether it is gone */
async function removedIfEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder)
    return true
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return true
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw error
  }
}

function isCommandAtWork(name: string): boolean {
  const [, pid] = COMMAND.exec(name) ?? []
  if (pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return true
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}
