import { resolve } from 'node:path'
import type { SourceKind } from '../source-kind.ts'
import { keptCopy } from '../swap/kept-copy.ts'
import { type FilesConfig, filesConfig } from './config.ts'
import { examineFiles } from './examine-files.ts'
import { findKept } from './find-kept.ts'
import { findPaths } from './find-paths.ts'
import { openFiles } from './open-files.ts'
import { planUndo } from './plan-undo.ts'
import { planElsewhere } from './restore-elsewhere.ts'
import { planInPlace } from './restore-in-place.ts'
import { verifyFiles } from './verify-files.ts'

/** Files and folders of this host. */
export const filesSource: SourceKind<FilesConfig> = {
  name: 'files',
  config: filesConfig,
  describe: ({ paths }) => paths.join(', '),
  examine: examineFiles,
  async watched(config, { folder }) {
    const { targets } = await findPaths(config, folder)
    return targets.map((path) => Buffer.from(path, 'latin1').toString())
  },
  open: openFiles,
  planRestore: (_config, point, { to }, context) =>
    to === undefined ? planInPlace(point, context) : planElsewhere(resolve(context.folder, to), point, context),
  verify: verifyFiles,
  async kept(config, context) {
    const moments = await findKept(config, context)
    return moments.map((moment) => keptCopy(moment, (of, asked) => planUndo(of, config, asked)))
  },
}
