import { resolve } from 'node:path'
import { errorMessage, systemCode } from '../errors.ts'
import type { Clock } from './clock.ts'
import { fingerprint } from './fingerprint.ts'
import { FolderWatches, type OpenWatch } from './folder-watches.ts'
import { Quiet } from './quiet.ts'
import type { Ignores } from './tree-walk.ts'

/** How often is looked where nothing can be watched. */
const POLL_MS = 60_000

export interface WatchOptions {
  /** Files or folders, whether they are there or not. */
  readonly paths: readonly string[]
  readonly settleMs: number
  readonly atMostMs: number
  readonly clock: Clock
  /** Something has changed, and has been quiet since, or changed for too long. */
  readonly onChange: () => void
  /** Watching is refused: it goes on by looking every minute, at the cost of reading all folders. For the log. */
  readonly onPolling: (why: string) => void
  /** By default nothing is ignored; a repository inside a source would keep it busy. */
  readonly ignores?: Ignores
  readonly openWatch?: OpenWatch
}

/**
 * Watches paths until disposed of. When it returns, every change from then on is noticed, also in folders that are made,
 * replaced or brought back later. What changed before is not known: whoever starts it asks for a run first.
 */
export async function watchPaths(options: WatchOptions): Promise<AsyncDisposable> {
  const { clock, settleMs, atMostMs, onChange, onPolling, ignores = () => false, openWatch } = options
  const paths = options.paths.map((path) => resolve(path))
  await using owned = new AsyncDisposableStack()
  let poll: Poll | undefined
  const quiet = owned.use(
    new Quiet({
      clock,
      settleMs,
      atMostMs,
      async onQuiet() {
        // Of very many events the system drops some, and with them folders that were made.
        if (!poll) await folders.refresh()
        onChange()
      },
    }),
  )
  const touch = (): void => quiet.touch()
  owned.defer(async () => poll?.[Symbol.asyncDispose]())
  const folders = owned.use(
    new FolderWatches({
      paths,
      ignores,
      openWatch,
      onChange: touch,
      onRefused(error) {
        poll ??= new Poll({ paths, ignores, clock, onChange: touch })
        // What changes until it has looked for the first time is not to be lost.
        if (isReady) touch()
        onPolling(whyRefused(error))
      },
    }),
  )
  let isReady = false
  await folders.refresh()
  await poll?.looked
  isReady = true
  return owned.move()
}

/** Looks every minute. */
class Poll implements AsyncDisposable {
  /** When it has looked for the first time. */
  readonly looked: Promise<string>
  readonly #stop = new AbortController()
  readonly #over: Promise<void>

  constructor(options: PollOptions) {
    this.looked = this.#look(options)
    this.#over = this.#go(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#over
  }

  async #go(options: PollOptions): Promise<void> {
    const { clock, onChange } = options
    const { signal } = this.#stop
    let known = await this.looked
    while (!signal.aborted) {
      const next = new Date(clock.now().getTime() + POLL_MS)
      await clock.sleep(next, signal)
      const seen = await this.#look(options)
      if (seen !== known && !signal.aborted) onChange()
      known = seen
    }
  }

  async #look({ paths, ignores }: PollOptions): Promise<string> {
    return fingerprint(paths, ignores, this.#stop.signal)
  }
}

interface PollOptions {
  readonly paths: readonly string[]
  readonly ignores: Ignores
  readonly clock: Clock
  readonly onChange: () => void
}

function whyRefused(error: unknown): string {
  switch (systemCode(error)) {
    case 'ENOSPC':
      return 'the system has no more watches for files: raise fs.inotify.max_user_watches, for instance with sysctl'
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files or watches are open: raise fs.inotify.max_user_instances or the limit of open files'
    default:
      return errorMessage(error)
  }
}
