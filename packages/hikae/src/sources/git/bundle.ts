import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { GitError } from './git-error.ts'
import { runGit, type GitCall } from './run-git.ts'

/** Of a bundle, how much is read at once to find the end of its header. */
const HEADER_STEP = 64 * 1024
/** A header names each ref and each prerequisite. */
const LONGEST_HEADER = 256 * 1024 * 1024

/**
 * Adds the objects of a bundle to a repository, and only them: refs are set when all are there. Each object is read, and
 * checked against its name; what a bundle builds on has to be there.
 *
 * @throws {GitError} the bundle is damaged, or one before it is missing
 */
export async function addBundle(
  file: string,
  name: string,
  call: Pick<GitCall, 'env' | 'signal'> & { readonly repository: string },
): Promise<void> {
  const start = await headerLength(file, name)
  await runGit(['index-pack', '--stdin', '--fix-thin'], {
    ...call,
    task: `read ${name}`,
    stdin: createReadStream(file, { start }),
  })
}

/** The pack begins after the first empty line. */
async function headerLength(file: string, name: string): Promise<number> {
  await using handle = await open(file)
  const step = Buffer.alloc(HEADER_STEP)
  let text = ''
  let length = 0
  while (length < LONGEST_HEADER) {
    const { bytesRead } = await handle.read(step, 0, step.length, length)
    if (bytesRead === 0) break
    text = text.slice(-1) + step.toString('latin1', 0, bytesRead)
    const before = length - (text.length - bytesRead)
    if (length === 0 && !text.startsWith('# v')) break
    const end = text.indexOf('\n\n')
    if (end !== -1) return before + end + 2
    length += bytesRead
  }
  throw new GitError(`${name} is no bundle of git`, { hint: 'run `hikae check --read-data` on the repository' })
}
