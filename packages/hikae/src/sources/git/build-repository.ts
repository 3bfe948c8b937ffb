import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from '../../errors.ts'
import type { SourceContext } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { addBundle } from './bundle.ts'
import { digestOf } from './chain.ts'
import { factsOf, type GitFacts } from './facts.ts'
import { examineObjects } from './fsck.ts'
import { gitEnvironment, type GitEnvironment } from './git-environment.ts'
import { GitError } from './git-error.ts'
import { type LfsObject, objectPath } from './lfs/pointer.ts'
import { scanObjects } from './object-scan.ts'
import { formatHead, parseRefList, readRefs, type RefList, refsDigest } from './ref-list.ts'
import { inputOf, runGit } from './run-git.ts'

/** A repository that was made of a snapshot and found to be what was saved. */
export interface BuiltRepository {
  /** A bare repository without settings of its own. */
  readonly path: string
  readonly list: RefList
  readonly facts: GitFacts
  /** In the repository, in the way of git-lfs. */
  readonly lfs: readonly LfsObject[]
  /** Folder of the settings that were saved; it need not be there. */
  readonly settings: string
}

interface Work {
  readonly env: GitEnvironment
  readonly signal: AbortSignal
  readonly repository: string
}

/**
 * Makes the repository anew in an empty folder, reads every object, and compares all with what was noted when it was saved.
 *
 * @throws {GitError} anything is missing or different
 */
export async function buildRepository(
  point: SourcePoint,
  place: string,
  { env, signal }: Pick<SourceContext, 'env' | 'signal'>,
): Promise<BuiltRepository> {
  const facts = factsOf(point)
  const saved = join(place, 'saved')
  await point.writeTo(saved)
  signal.throwIfAborted()
  const repository = join(place, 'repository.git')
  const work: Work = { env: gitEnvironment(env), signal, repository }
  const list = await readSavedRefs(saved, facts)
  await runGit(['init', '--quiet', '--bare', `--object-format=${facts.objectFormat}`, '--', repository], {
    env: work.env,
    signal,
    task: `make a repository in ${repository}`,
  })
  for (const { file, sha256 } of facts.bundles) {
    const path = join(saved, 'bundles', file)
    if ((await digestOf(path)).sha256 !== sha256) throw different(`${file} is not what was saved`)
    await addBundle(path, file, work)
  }
  await setRefs(list, work)
  await examineObjects(repository, 'the restored repository', work)
  const lfs = await takeLfs(saved, repository, facts)
  await compare(list, facts, work)
  return { path: repository, list, facts, lfs, settings: join(saved, 'settings') }
}

async function readSavedRefs(saved: string, facts: GitFacts): Promise<RefList> {
  const [head, refs] = await Promise.all(['HEAD', 'packed-refs'].map((name) => readFile(join(saved, name), 'latin1')))
  const list = parseRefList(head!, refs!)
  if (refsDigest(list) !== facts.refsDigest) throw different('the list of refs is not what was saved')
  return list
}

/** Git refuses a ref whose object is not there. */
async function setRefs(list: RefList, work: Work): Promise<void> {
  const orders = Array.from(list.refs, ([name, object]) => `create ${name}\0${object}\0`)
  await runGit(['update-ref', '-z', '--stdin'], { ...work, task: 'set the refs', stdin: inputOf(orders.join('')) })
  await writeFile(join(work.repository, 'HEAD'), formatHead(list), 'latin1')
  await runGit(['pack-refs', '--all'], { ...work, task: 'pack the refs' })
}

/** Moves what Git LFS keeps to its place, each compared with its name. */
async function takeLfs(saved: string, repository: string, facts: GitFacts): Promise<LfsObject[]> {
  const folder = join(saved, 'lfs/objects')
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  })
  const taken: LfsObject[] = []
  for (const entry of found) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const { sha256, size } = await digestOf(path)
    if (sha256 !== entry.name) throw different(`LFS object ${entry.name} is not what was saved`)
    const target = join(repository, 'lfs/objects', objectPath(sha256))
    await mkdir(dirname(target), { recursive: true })
    await rename(path, target)
    taken.push({ oid: sha256, size })
  }
  if (taken.length === facts.lfs.objects) return taken
  throw different(`there are ${taken.length} LFS objects, and ${facts.lfs.objects} were saved`)
}

async function compare(list: RefList, facts: GitFacts, work: Work): Promise<void> {
  const restored = await readRefs(work)
  if (refsDigest(restored) !== refsDigest(list)) throw different('the refs are not those that were saved')
  const { objects } = await scanObjects(work.repository, work)
  if (objects === facts.objects) return
  throw different(`the refs reach ${objects} objects, and ${facts.objects} were saved`)
}

function different(what: string): GitError {
  return new GitError(what, {
    hint: 'run `hikae check --read-data` on the repository, and restore from another copy or an older snapshot',
  })
}
