import {
  backUp,
  openLocalBackend,
  openRepository,
  openTargets,
  type BackupOptions,
  type BackupReport,
  type Repository,
} from '@hikae/engine'
import { availableRestics, makeTempDir, Restic, skipBecause, type ResticBinary } from '@hikae/testkit'
import { test as base } from 'vitest'
import { PASSWORD } from './ground.ts'

/** Newest first. */
export const restics = await availableRestics()

/** For `skipIf`. */
export const noRestic = skipBecause(
  restics.length === 0 ? 'no restic: install it or run script/fetch-program restic' : undefined,
)

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** `dir` is a folder of the test's own. */
export const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return dir
})
// oxlint-enable no-empty-pattern

/** Stock restic on a repository in a folder, the newest unless another is named. */
export function resticAt(
  repository: string,
  { binary = restics[0]!, env = {} }: { binary?: ResticBinary; env?: Readonly<Record<string, string>> } = {},
): Restic {
  return new Restic({ binary, repository, password: PASSWORD, env })
}

export async function openAt(folder: string): Promise<Repository> {
  return await openRepository(await openLocalBackend(folder), { password: PASSWORD })
}

/**
 * Backs the content of `tree` up as restic does that is run in it with `backup --host here .`.
 *
 * @param repository with a loaded index
 */
export async function backUpContent(
  repository: Repository,
  tree: string,
  options: Partial<BackupOptions> = {},
): Promise<BackupReport> {
  const { root, paths } = openTargets(['.'], { workingDirectory: tree })
  return await backUp(root, [{ repository }], {
    hostname: 'here',
    username: 'somebody',
    uid: 0,
    gid: 0,
    tags: [],
    paths,
    excludes: [],
    programVersion: 'hikae test',
    ...options,
  })
}
