import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { systemCode } from '../../errors.ts'
import { isThere } from '../../is-there.ts'
import type { Finder, ProposedSource } from '../finder.ts'

/** More of them are a mirror of something, and better named by hand. */
const MOST = 10

/** Git repositories on this machine, with all their refs. One without a commit holds nothing yet. */
export const gitFinder: Finder = {
  name: 'git',
  async find({ folder, gitRepositories }) {
    const found: ProposedSource[] = []
    for (const path of gitRepositories.slice(0, MOST)) {
      const inner = path === '.' ? '.git' : `${path}/.git`
      const isBare = !(await isThere(join(folder, inner)))
      if (!(await hasRefs(join(folder, isBare ? path : inner)))) continue
      const name = basename(join(folder, path)).replace(/\.git$/, '')
      found.push({
        name: `${name}-git`,
        kind: 'git',
        config: { path },
        description: `all commits and refs of the git repository ${path === '.' ? name : path}`,
        // Working files are saved as files.
        covers: [isBare ? path : inner],
      })
    }
    return found
  },
}

async function hasRefs(repository: string): Promise<boolean> {
  if (await isThere(join(repository, 'packed-refs'))) return true
  if (await isThere(join(repository, 'reftable'))) return true
  try {
    const entries = await readdir(join(repository, 'refs'), { recursive: true, withFileTypes: true })
    return entries.some((entry) => entry.isFile())
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false
  }
}
