import { mkdir, readdir, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { InputError, systemCode } from '../../../errors.ts'
import { bytePath, systemPath } from '../../swap/byte-path.ts'
import { Replacement } from '../../swap/replacement.ts'
import { settleSwaps } from '../../swap/settle-swaps.ts'
import type { RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { RAFT_FOLDER } from '../layout.ts'
import type { SavedSwarm } from '../saved-swarm.ts'

const BEGIN_FROM_RAFT =
  'stop the engine, put it in the place of /var/lib/docker/swarm, start the engine, and run `docker swarm init --force-new-cluster`'

/**
 * Writes everything to a new folder, for people and for programs; touches no swarm.
 *
 * @param folder absolute; absent or empty
 */
export async function planFolder(folder: string, saved: SavedSwarm, point: SourcePoint): Promise<RestorePlan> {
  await refuseOccupied(folder)
  const { services, configs, hasRaft, isUnlockKeyNeeded } = saved.facts
  return {
    steps: [
      `write ${services} services, ${configs} configs and all else beside ${folder}, read it back and compare it`,
      ...(hasRaft ? ["write the manager's state directory with it, as `raft`"] : []),
      ...(hasRaft && isUnlockKeyNeeded ? ['its managers ask for their unlock key, which is in no backup'] : []),
      ...(saved.values.size > 0
        ? [`values of ${saved.values.size} secrets are in it: only its owner can read it`]
        : []),
      `it becomes ${folder}; no swarm is touched`,
      ...(hasRaft ? [`to begin the swarm from ${join(folder, RAFT_FOLDER)}: ${BEGIN_FROM_RAFT}`] : []),
    ],
    async apply() {
      await refuseOccupied(folder)
      await rmdir(folder).catch(ignoreAbsent)
      const parent = dirname(folder)
      await mkdir(parent, { recursive: true })
      await settleSwaps(bytePath(parent))
      await using replacement = await Replacement.open(bytePath(parent), new Date())
      const built = join(systemPath(replacement.path).toString(), basename(folder))
      await mkdir(built, { mode: 0o700 })
      await point.writeTo(built)
      await replacement.swapIn(bytePath(basename(folder)))
      return { place: folder, findings: [] }
    },
  }
}

async function refuseOccupied(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    if (systemCode(error) === 'ENOTDIR') return ['']
    throw error
  })
  if (found.length === 0) return
  throw new InputError(`${folder} is not empty`, { hint: 'choose a folder that is empty or not there yet' })
}

function ignoreAbsent(error: unknown): void {
  if (systemCode(error) !== 'ENOENT') throw error
}
