import { DockerError } from '../../../docker/engine-error.ts'
import { errorMessage } from '../../../errors.ts'
import type { SwarmApi } from '../manager/swarm-api.ts'
import { applyChange, rememberedSwarm, removeObject, type SecretValue } from './apply-change.ts'
import { type Change, inverse, titleOf } from './change.ts'

export interface ApplyOptions {
  readonly secretValue: SecretValue
  readonly signal: AbortSignal
  /** Called when it has failed and everything is as it was. */
  readonly onTakenBack: () => Promise<void>
}

/**
 * Makes changes one after the other. When one fails, those before it are taken back.
 *
 * @throws {DockerError} what failed, and what could not be taken back
 */
export async function applyChanges(api: SwarmApi, changes: readonly Change[], options: ApplyOptions): Promise<void> {
  const done: Change[] = []
  const live = rememberedSwarm(api)
  try {
    for (const change of changes) {
      options.signal.throwIfAborted()
      try {
        await applyChange(api, change, { secretValue: options.secretValue, live })
      } catch (error) {
        if (mayBeDone(change, error)) done.push(change)
        throw error
      }
      done.push(change)
    }
  } catch (error) {
    const stuck = await takeBack(api.outlastingStops(), done)
    if (stuck.length === 0) {
      await options.onTakenBack()
      throw error
    }
    throw new DockerError(`${errorMessage(error)}; and this could not be taken back: ${stuck.join('; ')}`, {
      hint: 'look at the swarm, and restore again: what is as it was is left alone',
      cause: error,
    })
  }
}

/**
 * What is replaced is removed first, and may be gone when it fails. What is made may be there when no answer came; when it was
 * refused, something of that name may be somebody else's.
 */
function mayBeDone({ before }: Change, error: unknown): boolean {
  const isAnswer = error instanceof DockerError && error.status !== undefined
  return before !== null || !isAnswer
}

/** @param done the last of them may be half done */
async function takeBack(api: SwarmApi, done: readonly Change[]): Promise<string[]> {
  const stuck: string[] = []
  const attempt = async (change: Pick<Change, 'object' | 'name'>, act: () => Promise<void>): Promise<void> => {
    try {
      await act()
    } catch (error) {
      stuck.push(`${titleOf(change)} (${errorMessage(error)})`)
    }
  }
  const options = { secretValue: async () => undefined, live: rememberedSwarm(api) }
  for (const change of inverse(done)) await attempt(change, () => applyChange(api, change, options))
  for (const change of done) {
    if (change.object === 'secret') await attempt(change, () => removeObject(api, 'secret', change.name))
  }
  return stuck
}
