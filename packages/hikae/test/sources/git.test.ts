import { readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { missingPrograms, runProcess, skipBecause, startGitServer } from '@hikae/testkit'
import { makeGitSource } from '../../src/sources/git/git-source.ts'
import { describeSource } from '../support/describe-source.ts'
import { commit, contentOf, fillRepository, makeRepository, putLfs, runGit } from './git-ground.ts'

const skip = skipBecause(await missingPrograms('git'))
const git = makeGitSource()

/** Processes of git that work on something in a folder. */
async function gitProcesses(folder: string): Promise<string[]> {
  const { stdout } = await runProcess('ps', ['-eo', 'args'])
  return stdout.split('\n').filter((line) => line.includes('git') && line.includes(folder))
}

/** What is in a folder, by name and depth. */
async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort()
}

describeSource(
  'git, with files in a folder',
  async (dir) => {
    const path = dir.join('app')
    await makeRepository(path)
    await fillRepository(path)
    const { pointer } = await putLfs(join(path, '.git'), 'large content')
    await commit(path, { 'large.bin': pointer })

    const empty = dir.join('empty')
    await makeRepository(empty)

    const failing = dir.join('failing')
    await makeRepository(failing)
    await commit(failing, { 'one.txt': 'one\n'.repeat(1000), 'two.txt': 'two\n' })
    await runGit(failing, 'repack', '-ad', '--quiet')
    const packs = join(failing, '.git/objects/pack')
    const pack = (await readdir(packs)).find((name) => name.endsWith('.pack'))!
    await truncate(join(packs, pack), 100)

    const root = dir.join('server')
    await runGit(dir.path, 'clone', '--quiet', '--mirror', path, join(root, 'app.git'))
    const server = await startGitServer({ root })
    const traces = async (): Promise<unknown> => ({
      names: [await namesIn(path), await namesIn(failing), await namesIn(root)],
      processes: await gitProcesses(dir.path),
    })
    return {
      kind: git,
      config: { path },
      folder: dir.path,
      elsewhere: dir.join('elsewhere'),
      content: (to = path) => contentOf(to),
      async change() {
        await runGit(path, 'branch', '--quiet', '-D', 'feature/"odd;$(x)')
        await commit(path, { 'new.txt': 'new\n' })
        await runGit(path, 'tag', 'v2')
        await rm(join(path, '.git/lfs'), { recursive: true })
      },
      empty: { path: empty },
      failing: { path: failing },
      lasting: {
        config: { url: `${server.url}app.git` },
        begun: () => server.withhold(/git-upload-pack$/),
      },
      traces,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  },
  { skip },
)
