import { InputError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { SelectedVolumes } from './select-volumes.ts'
import type { VolumeSpec } from './volume.ts'

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

/** The engine says nothing of folders that it cannot list. @param folders paths in the volume */
export function unlistedIn(name: string, folders: readonly string[]): Finding {
  return {
    severity: 'error',
    message: `the Docker Engine may not list what is in ${folders.join(', ')} of the volume ${name}, and perhaps in more of its folders: it is not saved`,
    hint: 'its file server takes the engine for nobody (`root_squash`): let it be root there (`no_root_squash`), or save the files on the server itself',
  }
}

/** Its content is elsewhere, and may not have been there. */
export function nothingIn({ name, driver, options }: Pick<VolumeSpec, 'name' | 'driver' | 'options'>): Finding {
  const what = driver === 'local' ? (options['type'] ?? 'mounted') : driver
  return {
    severity: 'error',
    message: `the volume ${name} (${what}) came back with nothing in it: its content lies elsewhere, and may not have been seen`,
    hint: `see that what it leads to is there, and that the Docker Engine may list it; a tmpfs has a content of its own in each container. If it is to be empty, leave it out with \`exclude: [${name}]\``,
  }
}
