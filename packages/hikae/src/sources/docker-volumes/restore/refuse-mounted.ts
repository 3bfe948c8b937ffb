import { InputError } from '../../../errors.ts'
import { VOLUMES_FOLDER } from '../volume-facts.ts'
import { isMounted, type VolumeSpec } from '../volume.ts'

/**
 * A volume whose content lies elsewhere, on an NFS server or in a folder of the host, cannot be made anew: one with the same
 * options has the same content.
 *
 * @throws {InputError} it is such a one
 */
export function refuseMounted(volume: VolumeSpec): void {
  if (!isMounted(volume)) return
  const { name, driver, options } = volume
  const what = driver === 'local' ? `options (${Object.keys(options).join(', ')})` : `driver (${driver})`
  throw new InputError(
    `the content of the volume ${name} lies elsewhere, as its ${what} say: a new one would lead to the same`,
    {
      hint: `restore its files with \`hikae restore SNAPSHOT:/${VOLUMES_FOLDER}/${name} --target FOLDER\`, and copy them to where the volume leads`,
    },
  )
}
