import { cp, lchown, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, systemCode } from '../../errors.ts'
import { ownIdentity } from '../../identity.ts'
import type { ReadContext, RestorePlan } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { type BuiltRepository, buildRepository } from './build-repository.ts'
import { excludeKept } from './exclude-kept.ts'
import { factsOf } from './facts.ts'
import { gitEnvironment } from './git-environment.ts'
import { findLocalRepository, type LocalRepository } from './local-repository.ts'
import { replace, settleRestores } from './replace.ts'
import { hasCommit, planFolder } from './restore-folder.ts'
import { runGit } from './run-git.ts'
import { settleSettings } from './settle-settings.ts'

/** Of a repository with files, what no snapshot has and the new one goes on with: repositories of submodules. */
const CARRIED_OVER = ['modules', 'worktrees']

/** The repository is replaced; files beside it stay as they are. */
export async function planInPlace(path: string, point: SourcePoint, context: ReadContext): Promise<RestorePlan> {
  const settled = await settleRestores(path)
  if (await isAbsentOrEmpty(path)) return await planFolder(path, point, context)
  const { refs, shape } = factsOf(point)
  const local = await findLocalRepository(path)
  refuseOtherShape(path, local, shape)
  const hasFiles = local.shape === 'working'
  return {
    steps: [
      ...settled.map(({ message }) => message),
      `a repository with ${refs} refs is built beside ${local.gitFolder}`,
      'each of its objects is read, and its refs are compared with those that were saved',
      `it takes the place of ${local.gitFolder}, which is kept beside it, under its name with the time`,
      ...(hasFiles ? [`the files in ${path} stay as they are; \`git status\` shows how they differ`] : []),
    ],
    async apply(signal) {
      const kept = await replace(local.gitFolder, async (place) => {
        const built = await buildRepository(point, place, { env: context.env, signal })
        await prepare(built, local, context, signal)
        return built.path
      })
      return { place: path, findings: [], ...(kept === undefined ? {} : { kept }) }
    },
  }
}

async function prepare(
  built: BuiltRepository,
  { gitFolder, shape }: LocalRepository,
  { env }: ReadContext,
  signal: AbortSignal,
): Promise<void> {
  const work = { env: gitEnvironment(env), signal }
  if (shape === 'working') {
    if (hasCommit(built)) {
      await runGit(['read-tree', 'HEAD'], { ...work, repository: built.path, task: 'make an index' })
    }
    for (const name of CARRIED_OVER) {
      await cp(join(gitFolder, name), join(built.path, name), { recursive: true, preserveTimestamps: true }).catch(
        ignoreAbsent,
      )
    }
  }
  await settleSettings(built.path, built, work)
  if (shape === 'working') await excludeKept(built.path)
  await giveTo(built.path, await stat(gitFolder))
}

/** Whoever had the old one can use the new one. */
async function giveTo(folder: string, { uid, gid }: { readonly uid: number; readonly gid: number }): Promise<void> {
  const own = ownIdentity()
  if (own.uid !== 0 || (uid === own.uid && gid === own.gid)) return
  await lchown(folder, uid, gid)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    await lchown(join(entry.parentPath, entry.name), uid, gid)
  }
}

function refuseOtherShape(path: string, { shape }: LocalRepository, saved: 'bare' | 'working'): void {
  if (shape === 'linked') {
    throw new InputError(`the repository of ${path} lies in another folder, which others use too`, {
      hint: 'restore with --to FOLDER, and fetch from there what is missing',
    })
  }
  if (shape === saved) return
  throw new InputError(`${path} is now ${named(shape)}, and ${named(saved)} was saved`, {
    hint: 'restore with --to FOLDER, or move what is there away',
  })
}

function named(shape: 'bare' | 'working'): string {
  return shape === 'bare' ? 'a bare repository' : 'a repository with files'
}

async function isAbsentOrEmpty(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true
    throw error
  }
}

function ignoreAbsent(error: unknown): void {
  if (systemCode(error) !== 'ENOENT') throw error
}
