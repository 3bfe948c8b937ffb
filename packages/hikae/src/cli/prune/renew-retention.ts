import type { Repository } from '@hikae/engine'
import { printFailure } from '../output/failure.ts'
import { formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'

/**
 * Extends the object lock of what is stored, where the repository is kept under one.
 *
 * @returns false when that failed: the data is there, but not protected for as long as was asked for
 */
export async function renewRetention({ backend }: Repository, signal: AbortSignal, out: Output): Promise<boolean> {
  if (!backend.renewRetention) return true
  try {
    const { renewed } = await backend.renewRetention(signal)
    if (out.json) out.document({ message_type: 'retention', files_renewed: renewed })
    else out.note(`object lock: ${formatQuantity(renewed, 'file')} kept for longer`)
    return true
  } catch (error) {
    signal.throwIfAborted()
    const what = 'the object lock was not extended for all files'
    printFailure({ item: backend.location, what, error: error as Error, during: 'prune' }, out)
    return false
  }
}
