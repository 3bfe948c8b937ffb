import { mkdir, readdir, rename, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, systemCode } from '../../errors.ts'
import type { ReadContext, RestorePlan } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { type BuiltRepository, buildRepository } from './build-repository.ts'
import { factsOf } from './facts.ts'
import { gitEnvironment } from './git-environment.ts'
import { replace } from './replace.ts'
import { runGit } from './run-git.ts'
import { settleSettings } from './settle-settings.ts'

/** A new folder: a bare repository, or one with its files checked out when the source had files. */
export async function planFolder(folder: string, point: SourcePoint, context: ReadContext): Promise<RestorePlan> {
  const { shape, refs, lfs } = factsOf(point)
  await refuseOccupied(folder)
  const files = shape === 'working' ? ', and the files of its branch are checked out' : ''
  return {
    steps: [
      `a ${shape === 'working' ? 'repository' : 'bare repository'} with ${refs} refs is built beside ${folder}${files}`,
      'each of its objects is read, and its refs are compared with those that were saved',
      ...(shape === 'working' && lfs.objects > 0
        ? ['files of Git LFS are pointers until `git lfs install --local && git lfs checkout` is run there']
        : []),
      `it becomes ${folder}`,
    ],
    async apply(signal) {
      await refuseOccupied(folder)
      await rmdir(folder).catch(ignoreAbsent)
      await replace(folder, async (place) => {
        const built = await buildRepository(point, place, { env: context.env, signal })
        return await shaped(built, place, context, signal)
      })
      return { place: folder, findings: [] }
    },
  }
}

async function shaped(
  built: BuiltRepository,
  place: string,
  { env }: ReadContext,
  signal: AbortSignal,
): Promise<string> {
  const work = { env: gitEnvironment(env), signal }
  if (built.facts.shape === 'bare') {
    await settleSettings(built.path, built, work)
    return built.path
  }
  const folder = join(place, 'folder')
  const repository = join(folder, '.git')
  await mkdir(folder)
  await rename(built.path, repository)
  if (hasCommit(built)) {
    const args = ['-c', 'core.bare=false', '--work-tree', folder, 'reset', '--hard', '--quiet']
    await runGit(args, { ...work, repository, task: 'check out the files' })
  }
  await settleSettings(repository, built, work)
  return folder
}

/** Whether there is anything to check out. */
export function hasCommit({ list }: BuiltRepository): boolean {
  return 'object' in list.head || list.refs.has(list.head.branch)
}

async function refuseOccupied(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    if (systemCode(error) === 'ENOTDIR') return ['']
    throw error
  })
  if (found.length === 0) return
  throw new InputError(`${folder} is not empty`, {
    hint: 'choose a folder that does not exist or is empty, or move what is there away',
  })
}

function ignoreAbsent(error: unknown): void {
  if (systemCode(error) !== 'ENOENT') throw error
}
