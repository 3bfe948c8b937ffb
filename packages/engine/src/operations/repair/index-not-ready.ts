import { KnownError } from '../../errors.ts'
import { type PackId, shortId } from '../../ids.ts'

/** The index would make snapshots give up what can still be brought back. */
export class IndexNotReadyError extends KnownError {
  override readonly name = 'IndexNotReadyError'
  readonly code = 'INDEX_NOT_READY'

  static index(): IndexNotReadyError {
    return new IndexNotReadyError('the index does not say what the packs hold: what seems to be lost may be there', {
      hint: 'run `hikae repair index` first',
    })
  }

  static packs(packs: readonly PackId[]): IndexNotReadyError {
    const names = packs.map(shortId).join(' ')
    return new IndexNotReadyError(`packs are damaged that the index relies on: ${names}`, {
      hint: `run \`hikae repair packs ${names}\` first`,
    })
  }
}
