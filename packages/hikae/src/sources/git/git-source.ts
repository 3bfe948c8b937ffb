import type { SourceKind } from '../source-kind.ts'
import { shownAddress } from './address.ts'
import { type GitConfig, gitConfig } from './config.ts'
import { examineGit } from './examine-git.ts'
import { explained } from './git-error.ts'
import { keptRepositories } from './kept.ts'
import { openGit } from './open-git.ts'
import { planGitRestore } from './plan-restore.ts'
import type { RemoteOptions } from './remote.ts'
import { verifyGit } from './verify-git.ts'

/** A git repository on a server or on this machine: every ref, all history, and what Git LFS keeps. */
export const gitSource: SourceKind<GitConfig> = makeGitSource()

/** @param options.stallSeconds a web server that sends nothing at all for so long is given up (default 60) */
export function makeGitSource(options: RemoteOptions = {}): SourceKind<GitConfig> {
  return {
    name: 'git',
    config: gitConfig,
    describe: ({ url, path }) => (url === undefined ? path! : shownAddress(url)),
    examine: (config, context) => examineGit(config, context, options),
    async open(config, context) {
      try {
        return await openGit(config, context, options)
      } catch (error) {
        throw explained(error)
      }
    },
    planRestore: (config, point, to, context) => planGitRestore(config, point, to, context, options),
    verify: (_, point, context) => verifyGit(point, context),
    kept: keptRepositories,
  }
}
