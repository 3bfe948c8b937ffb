import { DockerError } from '../engine-error.ts'
import { runInContainer } from '../containers/run-in-container.ts'
import { type Asked, conditionOf } from './container-condition.ts'
import type { HeldContainer } from './hold-record.ts'
import type { Log, QuiesceMethod, Undone } from './method.ts'

export interface ExecOptions {
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly timeoutMs: number
  readonly log: Log
}

/** Runs a program in the container that makes what runs there hold still, and one that lets it go on. */
export function execMethod({ before, after, timeoutMs, log }: ExecOptions): QuiesceMethod {
  const run = async (engine: Asked, { id, name }: HeldContainer, program: readonly string[]): Promise<void> =>
    runInContainer(engine, { id, name }, program, { timeoutMs, log })
  return {
    doing: 'quiescing',
    async begin(engine, held) {
      await run(engine, held, before)
      return held.startedAt
    },
    async undo(engine, held): Promise<Undone> {
      const now = await conditionOf(engine, held.id, held.name)
      if (!now) return { isBack: false, disturbance: 'was removed' }
      if (!now.isRunning) return { isBack: false, disturbance: 'ended' }
      if (now.isPaused) {
        throw new DockerError(`the program that lets ${held.name} go on cannot be run: somebody has paused it`, {
          hint: `docker unpause ${held.name}`,
        })
      }
      await run(engine, held, after)
      return { isBack: true, ...(now.startedAt === held.startedAt ? {} : { disturbance: 'was started anew' }) }
    },
  }
}
