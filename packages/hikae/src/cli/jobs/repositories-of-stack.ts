import type { JobRepositories, JobRepository } from '../../jobs/job-repositories.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { chooseByName } from '../repository/choose.ts'
import { openChosen } from '../repository/session.ts'

/** Others must not be held up for longer by one that is in trouble. */
const PATIENCE_MS = 2 * 60_000

/** The repositories of the stack file, for runs: with the passwords that it names, and with locks. */
export function repositoriesOfStack(globals: GlobalValues, context: CommandContext): JobRepositories {
  return {
    async open(name, mode, signal): Promise<JobRepository> {
      const chosen = await chooseByName(name, { kind: 'ask' }, globals, context.env)
      const session = await openChosen(
        chosen,
        globals,
        { ...context, signal },
        { lock: mode, patienceMs: PATIENCE_MS, answersWithinMs: PATIENCE_MS },
      )
      const { repository, lock, signal: ofSession } = session
      return {
        name,
        repository,
        lock: lock!,
        signal: ofSession,
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      }
    },
  }
}
