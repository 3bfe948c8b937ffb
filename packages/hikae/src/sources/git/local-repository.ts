import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { InputError, systemCode } from '../../errors.ts'

/** A repository in a folder of this machine. */
export interface LocalRepository {
  /** Where its HEAD is. */
  readonly gitFolder: string
  /** Where its objects and settings are: elsewhere for a further working tree of a repository. */
  readonly commonFolder: string
  /**
   * `bare`: the folder is the repository. `working`: it is in `.git`, beside the files. `linked`: it is somewhere else, as
   * with submodules and further working trees.
   */
  readonly shape: 'bare' | 'working' | 'linked'
}

/**
 * Looks at files only: nothing that a repository of somebody else configures is run.
 *
 * @throws {InputError} there is none
 */
export async function findLocalRepository(path: string): Promise<LocalRepository> {
  const inside = join(path, '.git')
  const kind = await typeOf(inside)
  if (kind === 'folder') return await repositoryAt(inside, 'working')
  if (kind === 'file') {
    const [, target] = /^gitdir: (.+)\n?$/.exec(await readFile(inside, 'utf8')) ?? []
    if (target !== undefined) return await repositoryAt(resolve(path, target), 'linked')
  }
  return await repositoryAt(path, 'bare')
}

async function repositoryAt(gitFolder: string, shape: LocalRepository['shape']): Promise<LocalRepository> {
  const commonFolder = await commonFolderOf(gitFolder)
  const found = await Promise.all([typeOf(join(gitFolder, 'HEAD')), typeOf(join(commonFolder, 'objects'))])
  if (found[0] === 'file' && found[1] === 'folder') return { gitFolder, commonFolder, shape }
  const place = shape === 'working' ? dirname(gitFolder) : gitFolder
  throw new InputError(`there is no git repository in ${place}`, {
    hint: 'give the folder that holds .git, or a bare repository',
  })
}

async function commonFolderOf(gitFolder: string): Promise<string> {
  try {
    return resolve(gitFolder, (await readFile(join(gitFolder, 'commondir'), 'utf8')).trim())
  } catch (error) {
    if (isAbsent(error)) return gitFolder
    throw error
  }
}

async function typeOf(path: string): Promise<'folder' | 'file' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')
}
