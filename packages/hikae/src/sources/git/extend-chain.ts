import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReadContext } from '../source-kind.ts'
import { addBundle } from './bundle.ts'
import { Chain } from './chain.ts'
import { gitEnvironment, type GitEnvironment } from './git-environment.ts'
import { GitError } from './git-error.ts'
import type { Mirror } from './mirror.ts'
import { inputOf, linesOf, runGit, startGit } from './run-git.ts'

const NEW_BUNDLE = 'new.tmp'

interface Work {
  readonly env: GitEnvironment
  readonly signal: AbortSignal
  readonly repository: string
}

/**
 * Adds what the chain does not hold of the mirror's refs, as one more bundle, or as the first of a new chain. The bundle is
 * read back, object by object, before it counts.
 *
 * @throws {GitError}
 */
export async function extendChain(chain: Chain, mirror: Mirror, context: ReadContext): Promise<Chain> {
  const held = chain.tips
  const { refs, head } = mirror.list
  const wanted = new Set([...refs.values(), ...('object' in head && refs.size > 0 ? [head.object] : [])])
  const fresh = [...wanted].filter((object) => !held.has(object))
  if (fresh.length === 0) return chain
  const work: Work = { env: gitEnvironment(context.env), signal: context.signal, repository: mirror.path }
  const start = chain.isLong ? new Chain(chain.folder, chain.format, []) : chain
  if (chain.isLong) {
    await runGit(['repack', '-a', '-d', '-q'], { ...work, task: 'pack a mirror anew' })
    context.log(`a new chain of bundles is begun: the last one was ${chain.links.length} long`)
  }
  const file = join(chain.folder, NEW_BUNDLE)
  await rm(file, { force: true })
  const excluded = await present(start.links.length === 0 ? [] : [...held], work)
  if (!(await makeBundle(file, excluded, work))) return await start.reaching(fresh)
  await proveBundle(file, work)
  return await start.with(file, start.links.length === 0 ? [...wanted] : fresh)
}

/** @returns whether there was anything to put into a bundle: a new branch on an old commit brings nothing */
async function makeBundle(file: string, excluded: readonly string[], work: Work): Promise<boolean> {
  try {
    await runGit(['bundle', 'create', '--quiet', file, '--all', '--stdin'], {
      ...work,
      task: 'bundle what is new',
      stdin: inputOf(excluded.map((object) => `^${object}\n`).join('')),
    })
    return true
  } catch (error) {
    await rm(file, { force: true })
    const isEmpty = error instanceof GitError && error.message.includes('Refusing to create empty bundle')
    if (isEmpty && excluded.length > 0) return false
    throw error
  }
}

/** `git bundle verify` does not read the objects: they are unpacked beside the mirror, on which they build. */
async function proveBundle(file: string, work: Work): Promise<void> {
  const place = `${file}.git`
  await rm(place, { recursive: true, force: true })
  const format = (await runGit(['rev-parse', '--show-object-format'], { ...work, task: 'look at a mirror' })).trim()
  const { env, signal } = work
  try {
    await runGit(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--', place], {
      env,
      signal,
      task: 'prove a bundle',
    })
    await mkdir(join(place, 'objects/info'), { recursive: true })
    await writeFile(join(place, 'objects/info/alternates'), `${join(work.repository, 'objects')}\n`)
    await addBundle(file, 'the new bundle', { env, signal, repository: place })
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

/** Those of the objects that the mirror has: after it was made anew, old ones may be gone from the remote. */
async function present(objects: readonly string[], work: Work): Promise<string[]> {
  if (objects.length === 0) return []
  await using git = startGit(['cat-file', '--batch-check=%(objectname)'], {
    ...work,
    task: 'look for objects in a mirror',
    stdin: inputOf(`${objects.join('\n')}\n`),
  })
  const found: string[] = []
  for await (const line of linesOf(git.stdout)) if (!line.endsWith(' missing')) found.push(line)
  await git.succeeded()
  return found
}
