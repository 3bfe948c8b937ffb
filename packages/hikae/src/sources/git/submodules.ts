import { shownAddress } from './address.ts'
import type { GitEnvironment } from './git-environment.ts'
import { GitError } from './git-error.ts'
import type { RefList } from './ref-list.ts'
import { inputOf, linesOf, runGit, startGit } from './run-git.ts'

interface Work {
  readonly env: GitEnvironment
  readonly signal: AbortSignal
}

/** Addresses of the repositories that branches have as submodules: they are not in the backup of this one. */
export async function findSubmodules(repository: string, { refs }: RefList, work: Work): Promise<string[]> {
  const branches = [...refs].filter(([name]) => name.startsWith('refs/heads/'))
  const blobs = await blobsAt(
    repository,
    branches.map(([, object]) => `${object}:.gitmodules`),
    work,
  )
  const found = new Set<string>()
  for (const blob of blobs) {
    const values = await configIn(repository, blob, ['--get-regexp', String.raw`^submodule\..*\.url$`], work)
    for (const line of values.split('\0')) {
      const [, url] = /^[^\n]*\n([\s\S]*)$/.exec(line) ?? []
      if (url !== undefined) found.add(shownAddress(Buffer.from(url, 'latin1').toString()))
    }
  }
  return [...found].toSorted()
}

/** Where the repository itself says its LFS objects are, on the branch of HEAD. */
export async function findLfsAddress(repository: string, list: RefList, work: Work): Promise<string | undefined> {
  const object = 'object' in list.head ? list.head.object : list.refs.get(list.head.branch)
  if (object === undefined) return undefined
  const [blob] = await blobsAt(repository, [`${object}:.lfsconfig`], work)
  if (blob === undefined) return undefined
  const value = (await configIn(repository, blob, ['--get', 'lfs.url'], work)).replace(/\0$/, '')
  return value === '' ? undefined : value
}

/** The blobs under these names, each once; a name that is not there is left out. */
async function blobsAt(repository: string, names: readonly string[], work: Work): Promise<Set<string>> {
  const found = new Set<string>()
  if (names.length === 0) return found
  await using git = startGit(['cat-file', '--batch-check=%(objecttype) %(objectname)'], {
    ...work,
    repository,
    task: 'look for submodules',
    stdin: inputOf(`${names.join('\n')}\n`),
  })
  for await (const line of linesOf(git.stdout)) if (line.startsWith('blob ')) found.add(line.slice('blob '.length))
  await git.succeeded()
  return found
}

/** @returns nothing, too, when the file makes no sense: it is somebody else's, and saved as it is */
async function configIn(repository: string, blob: string, query: readonly string[], work: Work): Promise<string> {
  try {
    return await runGit(['config', '--null', '--blob', blob, ...query], {
      ...work,
      repository,
      task: 'read a .gitmodules',
    })
  } catch (error) {
    if (error instanceof GitError && !work.signal.aborted) return ''
    throw error
  }
}
