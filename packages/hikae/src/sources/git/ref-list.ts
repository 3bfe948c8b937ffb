import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GitError } from './git-error.ts'
import { runGit, type GitCall } from './run-git.ts'

/** Where HEAD is kept in our own repositories when it is on no branch, so that its commit is not lost. */
export const DETACHED = 'refs/hikae/HEAD'

/** Every ref of a repository at one moment. Names are bytes as latin1, and come in order. */
export interface RefList {
  /** The branch that HEAD is (which need not exist yet), or the object it is on. */
  readonly head: { readonly branch: string } | { readonly object: string }
  readonly refs: ReadonlyMap<string, string>
}

/** The refs of one of our repositories. */
export async function readRefs(call: Omit<GitCall, 'task'> & { readonly repository: string }): Promise<RefList> {
  const task = 'list the refs of a repository'
  const listed = await runGit(['for-each-ref', '--format=%(objectname) %(refname)'], { ...call, task })
  const refs = new Map(
    listed
      .split('\n')
      .filter((line) => line !== '')
      .map((line): [string, string] => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]),
  )
  refs.delete(DETACHED)
  return { head: parseHead(await readFile(join(call.repository, 'HEAD'), 'latin1')), refs }
}

/** The content of git's file `HEAD`. */
export function formatHead({ head }: RefList): string {
  return 'branch' in head ? `ref: ${head.branch}\n` : `${head.object}\n`
}

/** The content of git's file `packed-refs`, from which a person without Hikae can go on. */
export function formatPackedRefs({ refs }: RefList): string {
  return Array.from(refs, ([name, object]) => `${object} ${name}\n`).join('')
}

/** @throws {GitError} it is damaged */
export function parseRefList(head: string, packedRefs: string): RefList {
  const lines = packedRefs.split('\n').filter((line) => line !== '')
  const refs = lines.map((line): [string, string] => {
    const [, object, name] = /^([0-9a-f]{40,64}) (refs\/[^\s]+)$/.exec(line) ?? []
    if (object === undefined || name === undefined) throw damaged()
    return [name, object]
  })
  return { head: parseHead(head), refs: new Map(refs) }
}

/** The same for the same refs. */
export function refsDigest(list: RefList): string {
  return createHash('sha256')
    .update(`${formatHead(list)}${formatPackedRefs(list)}`, 'latin1')
    .digest('hex')
}

/** A name of a ref for people. */
export function shownRef(name: string): string {
  return Buffer.from(name, 'latin1').toString()
}

function parseHead(text: string): RefList['head'] {
  const [, branch] = /^ref: (refs\/[^\n]+)\n?$/.exec(text) ?? []
  if (branch !== undefined) return { branch }
  if (/^[0-9a-f]{40,64}\n?$/.test(text)) return { object: text.trim() }
  throw damaged()
}

function damaged(): GitError {
  return new GitError('the list of refs is damaged', { hint: 'run `hikae check --read-data` on the repository' })
}
