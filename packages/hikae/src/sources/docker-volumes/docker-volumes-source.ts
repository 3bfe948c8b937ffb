import type { SourceKind } from '../source-kind.ts'
import { describeVolumes, type DockerVolumesConfig, dockerVolumesConfig } from './config.ts'
import { examineVolumes } from './examine-volumes.ts'
import { keptVolumes } from './kept-volumes.ts'
import { openVolumes } from './open-volumes.ts'
import { planElsewhere } from './restore/restore-elsewhere.ts'
import { planInPlace } from './restore/restore-in-place.ts'
import { settleSource } from './settle-source.ts'
import { verifyVolumes } from './verify-volumes.ts'
import { volumesOfContainer } from './volumes-of-container.ts'

/** Volumes of a Docker Engine. */
export const dockerVolumesSource: SourceKind<DockerVolumesConfig> = {
  name: 'docker-volumes',
  config: dockerVolumesConfig,
  describe: describeVolumes,
  examine: examineVolumes,
  open: openVolumes,
  planRestore: (config, point, { to }, context) =>
    to === undefined ? planInPlace(config, point, context) : planElsewhere(config, point, to, context),
  verify: verifyVolumes,
  settle: settleSource,
  kept: keptVolumes,
  ofContainer: volumesOfContainer,
}
