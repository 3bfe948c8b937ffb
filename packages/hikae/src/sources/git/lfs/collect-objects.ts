import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, systemCode } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import { digestOf } from '../chain.ts'
import { GitError } from '../git-error.ts'
import type { Remote } from '../remote.ts'
import { lfsEndpoint } from './endpoint.ts'
import { type LfsObject, objectPath } from './pointer.ts'
import { askForObjects, download } from './transfer.ts'

/** How many missing objects a message names. */
const SHOWN = 3
/** What was compared with its name before, with size, time and inode. */
const CHECKED = 'lfs-checked.json'

export interface CollectedObject extends LfsObject {
  /** Where it is to be read. */
  readonly path: string
}

export interface CollectedObjects {
  readonly objects: readonly CollectedObject[]
  readonly findings: readonly Finding[]
}

/**
 * The content of LFS objects: of a local repository where they lie, of another downloaded into the state folder. What
 * cannot be had is a finding: the repository itself is saved all the same.
 */
export async function collectObjects(
  wanted: readonly LfsObject[],
  remote: Remote,
  stateFolder: string,
  context: ReadContext,
  configured?: string,
): Promise<CollectedObjects> {
  const store = remote.local ? join(remote.local.commonFolder, 'lfs/objects') : join(stateFolder, 'lfs')
  const checked = await CheckedObjects.open(join(stateFolder, CHECKED))
  if (!remote.local) await removeOthers(store, wanted)
  const placed = wanted.map((object) => ({ ...object, path: join(store, objectPath(object.oid)) }))
  const objects: CollectedObject[] = []
  const lost: CollectedObject[] = []
  for (const object of placed) {
    context.signal.throwIfAborted()
    ;((await checked.isWhole(object)) ? objects : lost).push(object)
  }
  const problems = remote.local
    ? lost.map((object) => ({ object, why: 'it is not on this machine, or damaged' }))
    : await fetchObjects(lost, remote, context, configured)
  const failed = new Set(problems.map(({ object }) => object.oid))
  for (const object of lost) {
    if (!failed.has(object.oid) && (await checked.isWhole(object))) objects.push(object)
  }
  await checked.store(objects)
  return { objects, findings: findingsOf(problems, wanted.length, remote) }
}

interface Problem {
  readonly object: LfsObject
  readonly why: string
}

async function fetchObjects(
  lost: readonly CollectedObject[],
  remote: Remote,
  { signal }: ReadContext,
  configured: string | undefined,
): Promise<Problem[]> {
  if (lost.length === 0) return []
  const problems: Problem[] = []
  const paths = new Map(lost.map(({ oid, path }) => [oid, path]))
  const left = new Map(lost.map((object) => [object.oid, object]))
  try {
    const endpoint = await lfsEndpoint(remote, 'download', signal, configured)
    const asked = lost.map(({ oid, size }) => ({ oid, size }))
    for await (const { object, actions, problem } of askForObjects(endpoint, 'download', asked, signal)) {
      left.delete(object.oid)
      const action = actions['download']
      const why = action
        ? await attempt(() => download(object, action, paths.get(object.oid)!, signal), signal)
        : (problem ?? 'the server offers no download')
      if (why !== undefined) problems.push({ object, why })
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof GitError)) throw error
    for (const object of left.values()) problems.push({ object, why: error.message })
  }
  return problems
}

/** Once more when it may pass. @returns why it did not work */
async function attempt(work: () => Promise<void>, signal: AbortSignal): Promise<string | undefined> {
  for (let left = 2; ; left--) {
    try {
      await work()
      return undefined
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof GitError)) throw error
      if (left === 1 || !error.transient) return errorMessage(error)
    }
  }
}

function findingsOf(problems: readonly Problem[], wanted: number, { local, address }: Remote): Finding[] {
  if (problems.length === 0) return []
  const shown = problems.slice(0, SHOWN).map(({ object, why }) => `${object.oid.slice(0, 12)}: ${why}`)
  const more = problems.length > SHOWN ? `, and ${problems.length - SHOWN} more` : ''
  return [
    {
      severity: 'warning',
      message: `${problems.length} of ${wanted} LFS objects of ${address} are not in the backup (${shown.join(', ')}${more})`,
      hint: local
        ? `run \`git lfs fetch --all\` in ${address}, or leave LFS objects out with lfs: false`
        : 'upload them with `git lfs push --all` from a clone that has them, or leave LFS objects out with lfs: false',
    },
  ]
}

/** Content is compared with its name when it is seen for the first time, or was changed since. */
class CheckedObjects {
  readonly #file: string
  readonly #marks: ReadonlyMap<string, string>
  readonly #seen = new Map<string, string>()

  private constructor(file: string, marks: ReadonlyMap<string, string>) {
    this.#file = file
    this.#marks = marks
  }

  static async open(file: string): Promise<CheckedObjects> {
    try {
      const marks = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>
      return new CheckedObjects(file, new Map(Object.entries(marks)))
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' && !(error instanceof SyntaxError)) throw error
      return new CheckedObjects(file, new Map())
    }
  }

  async isWhole({ oid, size, path }: CollectedObject): Promise<boolean> {
    try {
      const found = await stat(path)
      if (!found.isFile() || found.size !== size) return false
      const mark = `${found.size} ${found.mtimeMs} ${found.ctimeMs} ${found.ino}`
      this.#seen.set(oid, mark)
      return this.#marks.get(oid) === mark || (await digestOf(path)).sha256 === oid
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return false
      throw error
    }
  }

  /** Remembers those that are whole. */
  async store(whole: readonly LfsObject[]): Promise<void> {
    const marks = Object.fromEntries(whole.map(({ oid }) => [oid, this.#seen.get(oid)]))
    await writeFile(this.#file, JSON.stringify(marks), { mode: 0o600 })
  }
}

async function removeOthers(store: string, wanted: readonly LfsObject[]): Promise<void> {
  const kept = new Set(wanted.map(({ oid }) => oid))
  const found = await readdir(store, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  })
  for (const entry of found) {
    if (entry.isFile() && !kept.has(entry.name)) await rm(join(entry.parentPath, entry.name), { force: true })
  }
}
