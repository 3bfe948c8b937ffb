import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CACHE } from '../made-once.ts'
import { isExecutable } from '../requirements.ts'

const INSTALLED = '/usr/lib/postgresql'

/**
 * Where PostgreSQL's programs lie: Debian's own, or what `script/fetch-program` has fetched.
 *
 * @param version major version; the newest one that is installed when absent
 */
export async function postgresPrograms(version?: string): Promise<string | undefined> {
  for (const one of version === undefined ? await installedVersions() : [version]) {
    const fetched = join(CACHE, `postgresql-${one}`, INSTALLED, one, 'bin')
    for (const folder of [join(INSTALLED, one, 'bin'), fetched]) {
      if (await isExecutable(join(folder, 'postgres'))) return folder
    }
  }
  return undefined
}

async function installedVersions(): Promise<string[]> {
  const names = await readdir(INSTALLED).catch(() => [])
  return names.toSorted((a, b) => Number(b) - Number(a))
}
