import { join } from 'node:path'
import { SYSTEM_PLACES, type SystemPlaces } from '../../schedules/install/install-request.ts'

/** The folders of a system whose root is mounted at `root`; of this one by default. */
export function placesBelow(root = '/'): SystemPlaces {
  const { etcSystemd, etcCron, runSystemd } = SYSTEM_PLACES
  return { etcSystemd: join(root, etcSystemd), etcCron: join(root, etcCron), runSystemd: join(root, runSystemd) }
}
