import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runOk } from '@hikae/testkit'

/** Nothing of whoever runs the tests. */
const ENV = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_AUTHOR_DATE: '2026-01-02T03:04:05Z',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z',
  LC_ALL: 'C',
}

/** Runs git in a folder. @returns what it printed, as latin1 */
export async function runGit(folder: string, ...args: string[]): Promise<string> {
  return (await runOk('git', ['-C', folder, ...args], { env: ENV })).stdoutBytes.toString('latin1').trim()
}

/** A repository with files, on branch `main`. */
export async function makeRepository(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await runGit(folder, 'init', '--quiet', '--initial-branch=main')
}

export async function commit(folder: string, files: Record<string, string>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  await runGit(folder, 'add', '--all')
  await runGit(folder, 'commit', '--quiet', '--allow-empty', '-m', `changes ${Object.keys(files).join(' ')}`)
  return await runGit(folder, 'rev-parse', 'HEAD')
}

/** Branches, an annotated tag, notes, a stash, a merge, a ref of a pull request, and a tag on a blob. */
export async function fillRepository(folder: string): Promise<void> {
  await commit(folder, { 'readme.txt': 'first\n', 'src/täst "quoted"\tname.txt': 'odd\n' })
  await runGit(folder, 'tag', '-a', 'v1', '-m', 'one')
  await runGit(folder, 'notes', 'add', '-m', 'a note', 'HEAD')
  await runGit(folder, 'checkout', '--quiet', '-b', 'feature/"odd;$(x)')
  await commit(folder, { 'feature.txt': 'feature\n' })
  await runGit(folder, 'update-ref', 'refs/pull/7/head', 'HEAD')
  await runGit(folder, 'checkout', '--quiet', 'main')
  await commit(folder, { 'readme.txt': 'second\n' })
  await runGit(folder, 'merge', '--quiet', '--no-edit', 'feature/"odd;$(x)')
  await runGit(folder, 'tag', 'a-blob', 'HEAD:readme.txt')
  await writeFile(join(folder, 'readme.txt'), 'not finished\n')
  await runGit(folder, 'stash')
}

/** Everything that a restore has to bring back: every ref, HEAD, and that all behind it is whole. */
export async function contentOf(repository: string): Promise<unknown> {
  const refs = await runGit(repository, 'for-each-ref', '--format=%(objectname) %(objecttype) %(refname)')
  const folder = await runGit(repository, 'rev-parse', '--absolute-git-dir')
  await runGit(repository, 'fsck', '--full')
  const objects = await runGit(repository, 'rev-list', '--objects', '--all', '--no-object-names')
  return {
    refs: refs.split('\n').sort(),
    head: await readFile(join(folder, 'HEAD'), 'utf8'),
    objects: objects.split('\n').sort(),
    lfs: await lfsOf(join(folder, 'lfs/objects')),
  }
}

/** A file as Git LFS commits it. */
export function pointerTo(content: string): { oid: string; pointer: string } {
  const oid = createHash('sha256').update(content).digest('hex')
  const size = Buffer.byteLength(content)
  return { oid, pointer: `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n` }
}

/** Puts content where git-lfs keeps it in a repository on a machine. */
export async function putLfs(gitFolder: string, content: string): Promise<{ pointer: string; path: string }> {
  const { oid, pointer } = pointerTo(content)
  const path = join(gitFolder, 'lfs/objects', oid.slice(0, 2), oid.slice(2, 4), oid)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
  return { pointer, path }
}

async function lfsOf(folder: string): Promise<Record<string, string>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = found.filter((entry) => entry.isFile())
  return Object.fromEntries(
    await Promise.all(
      files.map(async (entry) => [entry.name, await readFile(join(entry.parentPath, entry.name), 'utf8')] as const),
    ),
  )
}
