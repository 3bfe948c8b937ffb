import { isKnownError } from '../errors.ts'
import { flatten } from './mounted-device.ts'
import type { DiskSystem } from './system.ts'

/**
 * The device that holds the file system with this UUID. Only for advice: what cannot be asked is taken for absent.
 *
 * @returns undefined when it is not connected, or nobody can tell
 */
export async function findFileSystem(uuid: string, system: DiskSystem): Promise<string | undefined> {
  try {
    for (const { path, content, children } of flatten(await system.blockDevices())) {
      const { uuid: found } = children.length === 0 ? ((await system.probe(path)) ?? content) : content
      if (found?.toLowerCase() === uuid.toLowerCase()) return path
    }
    return undefined
  } catch (error) {
    if (!isKnownError(error)) throw error
    return undefined
  }
}
