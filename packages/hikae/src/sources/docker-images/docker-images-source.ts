import type { SourceKind } from '../source-kind.ts'
import { describeImages, type DockerImagesConfig, dockerImagesConfig } from './config.ts'
import { examineImages } from './examine-images.ts'
import { keptImages } from './kept-images.ts'
import { openImages } from './open-images.ts'
import { planImagesRestore } from './restore/plan-restore.ts'
import { verifyImages } from './verify-images.ts'

/** Images of a Docker Engine, with their names and ids. */
export const dockerImagesSource: SourceKind<DockerImagesConfig> = {
  name: 'docker-images',
  config: dockerImagesConfig,
  describe: describeImages,
  examine: examineImages,
  open: openImages,
  planRestore: planImagesRestore,
  verify: verifyImages,
  kept: keptImages,
  ofContainer: ({ image }, { references, inUse }) => ({
    written: references === undefined && inUse === undefined ? { references: [image] } : {},
  }),
}
