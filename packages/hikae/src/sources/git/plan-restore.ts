import { resolve } from 'node:path'
import { InputError } from '../../errors.ts'
import type { ReadContext, RestoreOptions, RestorePlan } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import type { GitConfig } from './config.ts'
import { factsOf } from './facts.ts'
import type { RemoteOptions } from './remote.ts'
import { planFolder } from './restore-folder.ts'
import { planInPlace } from './restore-in-place.ts'
import { planPush } from './restore-push.ts'

const PUSH = 'push:'

/** `to` is a new folder, or `push:` and the address of an empty repository; without it, a local repository is replaced. */
export async function planGitRestore(
  config: GitConfig,
  point: SourcePoint,
  { to }: RestoreOptions,
  context: ReadContext,
  options: RemoteOptions,
): Promise<RestorePlan> {
  factsOf(point)
  if (to?.startsWith(PUSH)) return await planPush(to.slice(PUSH.length), config, point, context, options)
  if (to !== undefined) return await planFolder(resolve(context.folder, to), point, context)
  if (config.path !== undefined) return await planInPlace(resolve(context.folder, config.path), point, context)
  throw new InputError(`${context.source} is a repository on a server, which is not overwritten`, {
    hint: 'restore with --to FOLDER, or make an empty repository on a server and use --to push:ADDRESS',
  })
}
