import { KnownError } from '../../errors.ts'

/** The cache cannot be used, or not written to any more. Nothing fails because of that: all work goes on without it. */
export class CacheError extends KnownError {
  override readonly name = 'CacheError'
  readonly code = 'CACHE'

  constructor(folder: string, reason: string, cause?: unknown) {
    super(`the cache in ${folder} cannot be used: ${reason}`, {
      hint: 'the work goes on without it; name another folder with --cache-dir, or work without one: --no-cache',
      cause,
    })
  }
}
