import { MADE_AGAIN } from '../made-again.ts'
import type { Finder } from '../finder.ts'
import { literalPattern } from '../settle-sources.ts'

/** How many folders are named to people. */
const NAMED = 5

/**
 * The whole folder, so that what is new tomorrow is saved too; without what is made again, holds backups, or is saved better
 * by another source.
 */
export const filesFinder: Finder = {
  name: 'files',
  async find({ folder, files, backupRepositories }, earlier) {
    const covered = new Set(earlier.flatMap(({ covers = [] }) => covers))
    const own = files.filter(({ path }) => !covered.has(path))
    if (own.length === 0 || backupRepositories.includes('.')) return []
    const backups = backupRepositories.map((path) => literalPattern(folder, path))
    return [
      {
        name: 'files',
        kind: 'files',
        config: { paths: ['.'], exclude: [...MADE_AGAIN, ...backups], excludeCaches: true },
        description: describe(own.map(({ path }) => path)),
        savesTheRest: true,
      },
    ]
  },
}

function describe(paths: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const path of paths.filter((path) => path.includes('/'))) {
    const top = path.slice(0, path.indexOf('/'))
    counts.set(top, (counts.get(top) ?? 0) + 1)
  }
  const folders = [...counts].sort(([, one], [, other]) => other - one).map(([name]) => name)
  const more = folders.length > NAMED ? [`${folders.length - NAMED} more`] : []
  const named = folders.length === 0 ? '' : `, most in ${[...folders.slice(0, NAMED), ...more].join(', ')}`
  return `everything in this folder: ${paths.length} ${paths.length === 1 ? 'file' : 'files'}${named}`
}
