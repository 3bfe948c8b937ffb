import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { systemCode } from '../errors.ts'
import { type Ignores, lookAt, walkFolders } from './tree-walk.ts'

export type OpenWatch = (path: string, listener: (event: string, name: string | null) => void) => FSWatcher

export interface FolderWatchesOptions {
  /** Absolute; files or folders, whether they are there or not. */
  readonly paths: readonly string[]
  readonly ignores: Ignores
  readonly onChange: () => void
  /** The system gives no more watches (ENOSPC, EMFILE): nothing is watched any more. */
  readonly onRefused: (error: unknown) => void
  readonly openWatch?: OpenWatch | undefined
}

interface Watched {
  readonly watcher: FSWatcher
  /** Which folder it is: another one may stand there later. */
  readonly identity: string
}

const REFUSALS = new Set(['ENOSPC', 'EMFILE', 'ENFILE', 'ENOSYS'])

/**
 * One watch for each folder below the paths. Node's own recursive watch takes one for each file, of which the system gives
 * out a limited number, and loses a folder that is replaced.
 *
 * Folders above a path are watched for its name only, so that what is absent or replaced is noticed.
 */
export class FolderWatches implements Disposable {
  readonly #options: FolderWatchesOptions
  /** Folders of which every change counts. */
  readonly #inside = new Map<string, Watched>()
  /** Folders in which only the next name on the way to a path counts. */
  readonly #above = new Map<string, Watched>()
  readonly #stop = new AbortController()
  /** What stands at each path. */
  #roots = ''
  #work: Promise<void> = Promise.resolve()

  constructor(options: FolderWatchesOptions) {
    this.#options = options
  }

  /** Watches what is there now, and lets go of what is not; to be called first, and whenever events may have been lost. */
  async refresh(): Promise<void> {
    this.#work = this.#work.then(() => this.#look())
    await this.#work
  }

  [Symbol.dispose](): void {
    this.#stop.abort()
    for (const watched of [this.#inside, this.#above]) this.#letGo(watched, new Set())
  }

  async #look(): Promise<void> {
    const { paths, ignores } = this.#options
    const inside = new Set<string>()
    const above = new Set<string>()
    const roots: string[] = []
    for (const path of paths) {
      const parent = await this.#nearestAbove(path)
      above.add(parent)
      this.#watch(this.#above, parent, await identityOf(parent))
      roots.push(await identityOf(path))
      for await (const { path: folder, stats } of walkFolders(path, ignores, this.#stop.signal)) {
        inside.add(folder)
        this.#watch(this.#inside, folder, `${stats.dev}:${stats.ino}`)
      }
    }
    this.#letGo(this.#inside, inside)
    this.#letGo(this.#above, above)
    const isKnown = this.#roots !== ''
    const isOther = this.#roots !== roots.join()
    this.#roots = roots.join()
    if (isKnown && isOther) this.#options.onChange()
  }

  /** The nearest folder above a path that is there. */
  async #nearestAbove(path: string): Promise<string> {
    let folder = dirname(path)
    while (folder !== dirname(folder) && !(await lookAt(folder))?.isDirectory()) folder = dirname(folder)
    return folder
  }

  #watch(watched: Map<string, Watched>, folder: string, identity: string): void {
    const known = watched.get(folder)
    if (known?.identity === identity || this.#stop.signal.aborted) return
    known?.watcher.close()
    watched.delete(folder)
    const isInside = watched === this.#inside
    try {
      const open: OpenWatch = this.#options.openWatch ?? watch
      const watcher = open(folder, (event, name) => {
        if (isInside) this.#changedInside(folder, event, name)
        else this.#changedAbove(folder, name)
      })
      watcher.on('error', () => watcher.close())
      watched.set(folder, { watcher, identity })
    } catch (error) {
      this.#failed(error)
    }
  }

  /** What is gone or not for us is noticed by whoever backs it up; when nothing more can be watched, nothing is. */
  #failed(error: unknown): void {
    const code = systemCode(error)
    if (code === undefined) throw error
    if (!REFUSALS.has(code)) return
    this[Symbol.dispose]()
    this.#options.onRefused(error)
  }

  #changedInside(folder: string, event: string, name: string | null): void {
    if (this.#stop.signal.aborted) return
    if (name !== null && this.#options.ignores(join(folder, name))) return
    this.#options.onChange()
    if (event === 'rename' && name !== null) this.#soon(() => this.#follow(join(folder, name)))
  }

  #changedAbove(folder: string, name: string | null): void {
    if (this.#stop.signal.aborted) return
    const nexts = this.#options.paths.map((path) => nextName(folder, path))
    if (name !== null && !nexts.includes(name)) return
    if (this.#options.paths.some((path) => dirname(path) === folder && (name === null || basename(path) === name)))
      this.#options.onChange()
    this.#soon(() => this.#look())
  }

  /** A folder that has come is watched at once, with what it has brought. */
  async #follow(path: string): Promise<void> {
    for await (const { path: folder, stats } of walkFolders(path, this.#options.ignores, this.#stop.signal))
      this.#watch(this.#inside, folder, `${stats.dev}:${stats.ino}`)
  }

  #soon(work: () => Promise<void>): void {
    this.#work = this.#work.then(work)
  }

  #letGo(watched: Map<string, Watched>, wanted: ReadonlySet<string>): void {
    for (const [folder, { watcher }] of watched) {
      if (wanted.has(folder)) continue
      watcher.close()
      watched.delete(folder)
    }
  }
}

async function identityOf(path: string): Promise<string> {
  const stats = await lookAt(path)
  return stats ? `${stats.dev}:${stats.ino}` : 'absent'
}

/** The name below `folder` on the way to `path`; undefined when it does not lie there. */
function nextName(folder: string, path: string): string | undefined {
  const start = folder === '/' ? '/' : `${folder}/`
  return path.startsWith(start) ? path.slice(start.length).split('/')[0] : undefined
}
