import type { CheckProgress, CheckReport, ReadDataSelection } from '@hikae/engine'
import { errorMessage } from '../../errors.ts'
import type { CommandContext } from '../context.ts'
import type { Access, Session } from '../repository/session.ts'
import { statePath } from '../state/state-file.ts'
import { type CheckKind, rememberCheck } from './last-check.ts'
import { ReadMemory } from './read-memory.ts'

/** Shared: it changes nothing, and reading all data must not keep backups out for hours. */
export const CHECK_ACCESS = {
  lock: 'shared',
  readOnly: true,
  index: 'unloaded',
  cache: 'none',
} as const satisfies Access

export interface CheckRequest {
  /** Without it, everything but the content of packs is read. */
  readonly readData: ReadDataSelection | undefined
  readonly onProgress?: (progress: CheckProgress) => void
}

export interface CheckedRepository {
  readonly report: CheckReport
  /** Whether what was read could be written down for later checks. */
  readonly isRemembered: boolean
}

/**
 * Checks a repository, and remembers on this machine what was read and that no error was found.
 *
 * @throws as the engine's `check`; damage is in the report
 */
export async function checkRepository(
  { repository, signal }: Pick<Session, 'repository' | 'signal'>,
  { readData, onProgress }: CheckRequest,
  { env, out }: Pick<CommandContext, 'env' | 'out'>,
): Promise<CheckedRepository> {
  const engine = await import('@hikae/engine')
  let isRemembered = true
  await using memory =
    readData === undefined
      ? undefined
      : await ReadMemory.open(statePath(env, 'read', repository.config.id), (error) => {
          if (isRemembered) out.warn(`what is read cannot be remembered: ${errorMessage(error)}`)
          isRemembered = false
        })
  const report = await engine.check(repository, {
    ...(readData === undefined ? {} : { readData }),
    ...(memory ? { readTimes: memory.times } : {}),
    signal,
    ...(onProgress ? { onProgress } : {}),
  })
  await memory?.save()
  if (report.errors.length === 0 && isRemembered) await remember(repository.config.id, kindOf(readData), { env, out })
  return { report, isRemembered }
}

/** For `hikae repository list` and `hikae status`. */
async function remember(
  repositoryId: string,
  kind: CheckKind,
  { env, out }: Pick<CommandContext, 'env' | 'out'>,
): Promise<void> {
  try {
    await rememberCheck(env, repositoryId, kind, Date.now())
  } catch (error) {
    out.warn(`that this check found no errors cannot be remembered: ${errorMessage(error)}`)
  }
}

function kindOf(readData: ReadDataSelection | undefined): CheckKind {
  if (readData === undefined) return 'structure'
  return readData === 'all' ? 'all' : 'part'
}
