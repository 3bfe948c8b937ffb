import { chmod, copyFile, mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from '../../errors.ts'

/** What a repository on a machine has of its own, and no clone gets. */
const FILES = ['config', 'description']
const FOLDERS = ['info', 'hooks']

/** Paths below the repository: its configuration, description, excludes, attributes and hooks, without git's samples. */
export async function listSettings(repository: string): Promise<string[]> {
  const names = [...FILES]
  for (const folder of FOLDERS) {
    const found = await readdir(join(repository, folder)).catch((error: unknown) => {
      if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return []
      throw error
    })
    names.push(...found.filter((name) => !name.endsWith('.sample')).map((name) => `${folder}/${name}`))
  }
  const isFile = await Promise.all(names.map((name) => hasFile(join(repository, name))))
  return names.filter((_, at) => isFile[at]).toSorted()
}

/** Puts saved settings into a repository that is not used yet: from now on its hooks are live. */
export async function putSettings(saved: string, repository: string): Promise<void> {
  for (const name of await listSettings(saved)) {
    const target = join(repository, name)
    await mkdir(dirname(target), { recursive: true })
    await copyFile(join(saved, name), target)
    await chmod(target, (await stat(join(saved, name))).mode & 0o777)
  }
}

async function hasFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}
