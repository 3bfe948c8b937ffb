import { InputError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { SelectedVolumes } from './select-volumes.ts'

/** Names that no volume has, or only one that is left out. */
export function missingVolumes(
  missing: readonly string[],
  leftOut: SelectedVolumes['leftOut'],
  source: string,
): InputError {
  const reasons = missing.map((name) => {
    const why = leftOut.find((each) => each.name === name)?.why
    return why === undefined ? `there is no volume ${name}` : `the volume ${name} is named and left out: ${why}`
  })
  return new InputError(`${source}: ${reasons.join('; ')}`, {
    hint: 'look at `docker volume ls`, and at which engine is meant; a volume that is gone comes back with `hikae restore`',
  })
}

/** What no volume fits, of what the configuration says in patterns. */
export function nothingFits({ unmatched }: Pick<SelectedVolumes, 'unmatched'>): Finding[] {
  return unmatched.map((what) => ({
    severity: 'warning',
    message: `no volume fits ${what}`,
    hint: 'look at `docker volume ls`, or take it out of the stack file',
  }))
}
