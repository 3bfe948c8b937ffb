import type { DockerEngine } from '../../../docker/engine.ts'
import { errorMessage, isKnownError, ProgramError } from '../../../errors.ts'
import { findVolume } from '../volume.ts'

/** A volume that was removed to be filled anew, and is not whole. */
export class NotFilledError extends ProgramError {
  override readonly name = 'NotFilledError'
  readonly code = 'NOT_FILLED'
}

export interface Filling {
  /** Of the volume that is to be filled. */
  readonly name: string
  /** The volume that it is filled from. */
  readonly from: string
  /** The volume that has what was there before. */
  readonly kept: string
}

/** What to say when filling a volume has failed; what says that it is being filled is still there. */
export async function notFilled(engine: DockerEngine, { name, from, kept }: Filling, cause: unknown): Promise<unknown> {
  if (!isKnownError(cause)) return cause
  const restored = from === kept ? '' : `, what was to be restored in ${from}`
  return new NotFilledError(
    `${errorMessage(cause)}; the volume ${name} is ${await stateOf(engine, name)} now: what was there before is in the volume ${kept}${restored}`,
    {
      hint: `start no container that uses ${name}, which would begin with nothing; when the cause is gone, run \`hikae doctor\`, which fills ${name} from ${from}`,
      cause,
    },
  )
}

async function stateOf(engine: DockerEngine, name: string): Promise<string> {
  try {
    return (await findVolume(engine, name)) ? 'not whole' : 'not there'
  } catch (error) {
    if (!isKnownError(error)) throw error
    return 'not there, or not whole'
  }
}
