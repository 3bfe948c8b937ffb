import { resolve } from 'node:path'
import type { SourceKind } from '../source-kind.ts'
import { type ContainerFilesConfig, containerFilesConfig, describeContainerFiles } from './config.ts'
import { examineContainerFiles } from './examine-container-files.ts'
import { openContainerFiles } from './open-container-files.ts'
import { settleContainerFiles } from './settle-container-files.ts'
import { planInPlace } from './restore/in-place.ts'
import { planIntoContainer } from './restore/into-container.ts'
import { planIntoFolder } from './restore/into-folder.ts'
import { parseContainerPlace } from './restore/place.ts'
import { keptContainerFiles } from './restore/put-back.ts'
import { verifyContainerFiles } from './verify-container-files.ts'

/** Files in a container, in a volume or not. */
export const containerFilesSource: SourceKind<ContainerFilesConfig> = {
  name: 'container-files',
  config: containerFilesConfig,
  describe: describeContainerFiles,
  examine: examineContainerFiles,
  open: openContainerFiles,
  planRestore(config, point, { to }, context) {
    if (to === undefined) return planInPlace(config, point, context)
    const place = parseContainerPlace(to)
    if (place) return planIntoContainer(config, place, point, context)
    return planIntoFolder(resolve(context.folder, to), point, context)
  },
  verify: verifyContainerFiles,
  settle: (_config, context) => settleContainerFiles(context),
  kept: keptContainerFiles,
  // Which paths is for the labels to say: the rest of a container comes from its image.
  ofContainer: ({ name }, { container, service }) => ({
    written: container === undefined && service === undefined ? { container: name } : {},
  }),
}
