import { tryLock } from '../../docker/quiesce/container-lock.ts'
import { errorMessage, isKnownError } from '../../errors.ts'
import type { Finding } from '../../sources/finding.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import { runHooks } from '../run-hooks.ts'
import type { HoldPrograms } from './hold-schema.ts'
import type { JobHold, JobRelease } from './job-hold.ts'
import {
  lockOfProgram,
  newProgramRecord,
  type ProgramRecord,
  removeProgramRecord,
  writeProgramRecord,
} from './program-record.ts'

/**
 * Runs the program that makes everything hold still. The one that lets it go on is written down first: it is run in any case,
 * also when the other failed, and by the next start when this process is killed.
 */
export async function holdByProgram(
  { before, after, timeoutMs }: HoldPrograms,
  context: ReadContext,
): Promise<JobHold> {
  const { folder, env, signal, log } = context
  const place = await context.stateFolder()
  const variables = { HIKAE_JOB: context.source.replace(/^job:/, '') }
  const record = newProgramRecord({ after: [...after], timeoutMs, folder, variables })
  // Nobody else knows of it yet.
  const lock = tryLock(place, lockOfProgram(record.id))!
  await writeProgramRecord(place, record)
  const begunAt = performance.now()
  let released: Promise<JobRelease> | undefined
  const release = (): Promise<JobRelease> => {
    released ??= letGoOn().finally(() => lock[Symbol.dispose]())
    return released
  }
  const letGoOn = async (): Promise<JobRelease> => {
    const findings = await runAfter(record, place, context)
    const seconds = Math.round(performance.now() - begunAt) / 1000
    if (findings.length === 0) log(`everything was held for ${seconds.toFixed(1)} s`)
    return { seconds, findings }
  }
  try {
    const hooks = [{ run: [...before], timeout: timeoutMs }]
    await runHooks(hooks, { folder, env, signal, variables: { ...variables, HIKAE_HOOK: 'hold' }, log })
  } catch (error) {
    for (const { message } of (await release()).findings) log(message)
    throw error
  }
  return {
    disturbances: async () => [],
    release,
    async [Symbol.asyncDispose]() {
      for (const { message } of (await release()).findings) log(message)
    },
  }
}

/** @returns what did not go on: it stays written down, and is tried again at the next start */
export async function runAfter(
  record: ProgramRecord,
  place: string,
  { env, log }: Pick<ReadContext, 'env' | 'log'>,
): Promise<readonly Finding[]> {
  const { after, timeoutMs, folder, variables } = record
  try {
    await runHooks([{ run: after, timeout: timeoutMs }], {
      ...{ folder, env, log },
      variables: { ...variables, HIKAE_HOOK: 'release' },
      // What was stopped has to go on, also when the run was told to end; the time limit is its own.
      signal: new AbortController().signal,
    })
    await removeProgramRecord(place, record)
    return []
  } catch (error) {
    const hint = isKnownError(error) && error.hint !== undefined ? `${error.hint}; ` : ''
    return [
      {
        severity: 'error',
        message: `what was made to hold still since ${record.heldAt} does not go on: ${errorMessage(error)}`,
        hint: `${hint}put that right and let it go on by hand; Hikae tries again at its next start: ${after.join(' ')}`,
      },
    ]
  }
}
