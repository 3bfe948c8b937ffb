import { mkdir, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from '../../errors.ts'
import type { RunFolders } from '../../jobs/run-context.ts'
import {
  isCommandAtWork,
  isCommandFolder,
  makeCommandFolder,
  OWN_COMMAND,
  removeCommandFolder,
} from './command-folder.ts'

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
    const folders = this.forRun(OWN_COMMAND)
    return {
      ...folders,
      scratch: async (source) => {
        await makeCommandFolder(this.#scratch(OWN_COMMAND))
        return await folders.scratch(source)
      },
    }
  }

  /** Removes what is left below of this command when all of its scratch folders are gone. */
  async endCommand(): Promise<void> {
    await removeCommandFolder(this.#scratch(OWN_COMMAND))
    await removeIfEmpty(dirname(this.#scratch(OWN_COMMAND)))
  }

  /** Removes what commands have left that were killed. */
  async removeLeftByCommands(): Promise<void> {
    const left = (await this.runsWithScratch()).filter(isCommandFolder)
    for (const name of left) await this.removeScratch(name)
  }

  /** Removes what a run needed while it lasted. */
  async removeScratch(runId: string): Promise<void> {
    await rm(this.#scratch(runId), { recursive: true, force: true })
  }

  /** Runs that have left something behind, or are at work; also commands that have, and are not any more. */
  async runsWithScratch(): Promise<string[]> {
    const left: string[] = []
    for (const name of await namesIn(join(this.#folder, 'scratch'))) {
      if (isCommandFolder(name) && (await isCommandAtWork(this.#scratch(name), Date.now()))) continue
      left.push(name)
    }
    return left
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

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) throw error
  }
}
