import { chmod, chown, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { missingPrograms } from '../requirements.ts'
import { exists, madeOnce } from '../made-once.ts'
import { runOk } from '../run-process.ts'
import { makeTempDir } from '../temp-dir.ts'
import { whyNoMariadb } from '../mariadb.ts'
import { whyNoPostgres } from '../postgres.ts'
import { whyNoRedis } from '../redis.ts'
import { BASE_IMAGE } from './base-image.ts'
import type { ImageRecipe } from './database-images/image-recipe.ts'
import { mariadbImage } from './database-images/mariadb-image.ts'
import { postgresImage } from './database-images/postgres-image.ts'
import { redisImage } from './database-images/redis-image.ts'
import { copyProgramFiles } from './program-files.ts'

export type DatabaseImage = 'postgres' | 'mariadb' | 'redis'

type RunDocker = (...args: string[]) => Promise<string>

const RECIPES: Readonly<Record<DatabaseImage, () => Promise<ImageRecipe>>> = {
  postgres: postgresImage,
  mariadb: mariadbImage,
  redis: redisImage,
}
const INSTALLED: Readonly<Record<DatabaseImage, () => Promise<string | undefined>>> = {
  postgres: whyNoPostgres,
  mariadb: whyNoMariadb,
  redis: whyNoRedis,
}

/** Why {@link addDatabaseImage} cannot work here, besides what an engine needs; undefined when it can. */
export async function whyNoDatabaseImage(image: DatabaseImage): Promise<string | undefined> {
  return (await INSTALLED[image]()) ?? (await missingPrograms('setpriv', 'ldd'))
}

/**
 * Gives an engine that has {@link BASE_IMAGE} an image of a database, made of the programs that this machine has. About
 * 1 s when it has it not yet, and 5 s more for the first one on a machine.
 *
 * @returns its name, such as `test/postgres:15`
 */
export async function addDatabaseImage(docker: RunDocker, image: DatabaseImage): Promise<string> {
  const recipe = await RECIPES[image]()
  if ((await docker('images', '--quiet', recipe.tag)) !== '') return recipe.tag
  const archive = await madeOnce(`${image}-image`, await ingredientsOf(recipe), async (path) => {
    await using context = await makeTempDir()
    await makeContext(context.path, recipe)
    await docker('build', '--quiet', '--tag', recipe.tag, context.path)
    await docker('save', '--output', path, recipe.tag)
  })
  await docker('load', '--quiet', '--input', archive)
  return recipe.tag
}

async function ingredientsOf(recipe: ImageRecipe): Promise<string[]> {
  const programs = recipe.programs.map(async (path) => {
    const { size, mtimeMs } = await stat(path)
    return `${path} ${size} ${mtimeMs}`
  })
  return [JSON.stringify(recipe), ...(await Promise.all(programs))]
}

async function makeContext(folder: string, recipe: ImageRecipe): Promise<void> {
  const root = join(folder, 'root')
  await copyProgramFiles(root, recipe)
  for (const path of recipe.leftOut ?? []) await rm(join(root, path), { recursive: true, force: true })
  for (const [path, owner] of Object.entries(recipe.folders)) {
    await mkdir(join(root, path), { recursive: true })
    await chown(join(root, path), owner, owner)
  }
  for (const [path, text] of Object.entries(recipe.texts ?? {})) await writeFile(join(root, path), text)
  // Where the linker lies on some processors.
  const links = (await exists(join(root, 'usr/lib64'))) ? { ...recipe.links, lib64: 'usr/lib64' } : recipe.links
  for (const [path, target] of Object.entries(links)) await link(join(root, path), target)
  await runOk('tar', ['-C', root, '--sort=name', '--mtime=@1700000000', '-cf', join(folder, 'fs.tar'), '.'])
  await rm(root, { recursive: true })
  await writeFile(join(folder, 'entrypoint'), recipe.entrypoint)
  await chmod(join(folder, 'entrypoint'), 0o755)
  await writeFile(join(folder, 'Dockerfile'), dockerfile(recipe))
}

async function link(path: string, target: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  await symlink(target, path)
}

function dockerfile({ settings }: ImageRecipe): string {
  const lines = [
    `FROM ${BASE_IMAGE}`,
    'ADD fs.tar /',
    'COPY entrypoint /usr/local/bin/docker-entrypoint.sh',
    'ENTRYPOINT ["docker-entrypoint.sh"]',
    ...settings,
  ]
  return `${lines.join('\n')}\n`
}
