import type { Repository } from '@hikae/engine'
import type { GlobalValues } from '../global-options.ts'
import type { Output } from '../output/output.ts'

/** Warns of what a copy will not do although it might be expected. */
export function warnOfDifferences(
  { config: from }: Repository,
  { config: to }: Repository,
  { compression = 'auto' }: Pick<GlobalValues, 'compression'>,
  out: Output,
): void {
  if (from.chunkerPolynomial !== to.chunkerPolynomial) {
    out.warn(
      'the two repositories cut content differently: copies share nothing with what is backed up to the destination itself. ' +
        'One that shares is made with `hikae init --copy-chunker-params --from-repo …`',
    )
  }
  if (compression !== 'auto' && compression !== 'off') {
    out.warn(`--compression ${compression} is not for copies: what is compressed stays as it is`)
  }
}
