import { KnownError } from '../../errors.ts'

/** What prune relies on is damaged or missing, or not as it was planned. Nothing was changed. */
export class PruneRefusedError extends KnownError {
  override readonly name = 'PruneRefusedError'
  readonly code = 'PRUNE_REFUSED'
}
