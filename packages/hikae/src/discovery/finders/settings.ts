import type { Finder } from '../finder.ts'

/** Patterns of `include:`, and the names that each means. */
const SETTINGS: readonly (readonly [pattern: string, names: RegExp])[] = [
  ['**/.env', /^\.env$/],
  ['**/.env.*', /^\.env\..+$/],
  ['**/compose.y*ml', /^compose\.ya?ml$/],
  ['**/compose.*.y*ml', /^compose\..+\.ya?ml$/],
  ['**/docker-compose.y*ml', /^docker-compose\.ya?ml$/],
  ['**/docker-compose.*.y*ml', /^docker-compose\..+\.ya?ml$/],
]

/** Files that say how everything is put together: small, in no git repository, and missed first. */
export const settingsFinder: Finder = {
  name: 'settings',
  async find({ files }) {
    const names = files.map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
    const include = SETTINGS.filter(([, meant]) => names.some((name) => meant.test(name))).map(([pattern]) => pattern)
    if (include.length === 0) return []
    const count = names.filter((name) => SETTINGS.some(([, meant]) => meant.test(name))).length
    const description = `${count} ${count === 1 ? 'file' : 'files'} with settings: .env and Compose files`
    return [
      { name: 'settings', kind: 'files', config: { paths: ['.'], include, exclude: ['node_modules'] }, description },
    ]
  },
}
