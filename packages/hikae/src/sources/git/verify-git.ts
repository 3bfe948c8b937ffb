import { rm } from 'node:fs/promises'
import { isKnownError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { buildRepository } from './build-repository.ts'

/** Makes the repository anew in the scratch folder: every object read, every ref and every LFS object compared. */
export async function verifyGit(point: SourcePoint, context: ReadContext): Promise<readonly Finding[]> {
  const place = await context.scratchFolder()
  try {
    await buildRepository(point, place, context)
    return []
  } catch (error) {
    context.signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    return [{ severity: 'error', message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }]
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}
