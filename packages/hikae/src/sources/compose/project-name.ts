import { chown, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readComposeFiles } from '../../docker/compose/compose-files.ts'
import { isThere } from '../../is-there.ts'
import { syncToDisk } from '../../sync-to-disk.ts'

const VARIABLE = 'COMPOSE_PROJECT_NAME'
const ASSIGNMENT = new RegExp(`^\\s*(?:export\\s+)?${VARIABLE}\\s*[=:].*$`, 'm')

/**
 * Makes Compose call a project by a name when it is started in its folder: in `.env`, where the files or the folder would
 * say otherwise. The folder, its file and their owners stay as they are.
 *
 * @param composeFiles absolute
 * @returns the file that was changed, if one had to be
 */
export async function nameProject(
  name: string,
  folder: string,
  composeFiles: readonly string[],
): Promise<string | undefined> {
  const { name: byItself } = await readComposeFiles(composeFiles, { folder, env: {} })
  if (byItself === name) return undefined
  const path = join(folder, '.env')
  const exists = await isThere(path)
  const before = exists ? await readFile(path, 'utf8') : ''
  const line = `${VARIABLE}=${name}`
  const appended = `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n`
  const owner = await stat(exists ? path : folder)
  const fresh = `${path}.hikae-new`
  try {
    await writeFile(fresh, ASSIGNMENT.test(before) ? before.replace(ASSIGNMENT, line) : appended, {
      mode: exists ? owner.mode & 0o7777 : 0o600,
    })
    await chownAs(fresh, owner)
    await syncToDisk(fresh)
    await rename(fresh, path)
    await syncToDisk(dirname(path))
  } finally {
    await rm(fresh, { force: true })
  }
  return path
}

async function chownAs(path: string, { uid, gid }: { readonly uid: number; readonly gid: number }): Promise<void> {
  if (process.getuid?.() !== 0) return
  await chown(path, uid, gid)
}
