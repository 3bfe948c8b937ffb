import { z } from 'zod'
import type { Environment } from '../context.ts'
import { readState, removeState, statePath, storeState } from '../state/state-file.ts'

const schema = z.object({ version: z.literal(1), moments: z.array(z.string()) })

/**
 * Moments of which a repository was to get the snapshots when an earlier catch-up ended early. Without this memory a new
 * snapshot that came in between would make them look like ones that retention removed.
 *
 * @returns nothing for a file that is damaged or of another form @throws the system's error when it cannot be read
 */
export async function pendingMoments(env: Environment, repositoryId: string): Promise<ReadonlySet<string>> {
  const stored = await readState(statePath(env, 'catch-up', repositoryId))
  return new Set(stored === undefined ? [] : decode(stored))
}

/** Remembers them instead of those that were remembered. @throws the system's error when they cannot be stored */
export async function rememberPending(
  env: Environment,
  repositoryId: string,
  moments: ReadonlySet<string>,
): Promise<void> {
  const path = statePath(env, 'catch-up', repositoryId)
  if (moments.size === 0) return removeState(path)
  await storeState(path, JSON.stringify({ version: 1, moments: [...moments] }))
}

function decode(stored: Buffer): readonly string[] {
  try {
    return schema.parse(JSON.parse(stored.toString('utf8'))).moments
  } catch {
    return [] // Damaged or of another form: what is missing is still counted as older.
  }
}
