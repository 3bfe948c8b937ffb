import { availableParallelism } from 'node:os'
import { mapConcurrently } from '../../concurrency.ts'
import { InvalidInputError } from '../../errors.ts'
import type { SelectForRestore } from '../../filter/restore-selection.ts'
import type { Repository } from '../../repository/repository.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import {
  OPENING,
  type RestoreResult,
  type RestoreTask,
  type RestoreWorkerData,
} from '../../workers/restore-protocol.ts'
import { WorkerPool, workerUrl } from '../../workers/worker-pool.ts'
import { Pace } from '../pace.ts'
import { ProgressTicker } from '../progress-ticker.ts'
import { findPath } from '../tree-path.ts'
import { comparisonsAfter, comparisonsBefore, type PreparedComparison } from './comparison.ts'
import { ContentWriter } from './content-writer.ts'
import { makeDirectory } from './directories.ts'
import { FileStates } from './file-states.ts'
import { isSameFile, makeLink } from './links.ts'
import { PART, type PlannedLink, RestorePlan, TRUSTED } from './plan.ts'
import { RestorePlanner } from './planner.ts'
import type { RestoreOptions, RestoreProgress, RestoreReport } from './report.ts'
import { removeSurplus } from './surplus.ts'
import { findTarget, freeBytes, makeTarget, type Target, TargetFullError } from './target.ts'
import { Tally } from './tally.ts'

const MOST_THREADS = 8
/** Directories whose metadata is set in one task. */
const TASK_DIRECTORIES = 512

/**
 * Writes files of a snapshot into a directory. What cannot be restored is reported and does not stop the rest. Symlinks in
 * the target are never followed, and nothing outside of it is touched. Memory: about 250 bytes for a file of one blob,
 * the index, and 100 MiB or so for what is being read and written.
 *
 * @param repository with a loaded index
 * @throws {PathMissingError} the snapshot has no `path` @throws {TargetError} the target cannot be used
 * @throws {TargetFullError} there is certainly not enough room, before anything was touched; or room ran out
 * @throws the signal's reason: files that were not complete are removed, or marked with an old time
 */
export async function restore(
  repository: Repository,
  snapshot: Pick<Snapshot, 'tree'>,
  options: RestoreOptions,
): Promise<RestoreReport> {
  if (options.delete && !options.select && findTarget(options.target).path === '') {
    throw new InvalidInputError('deleting everything in / that is not in the snapshot would ruin the system', {
      hint: 'restore to another directory, or choose with include and exclude patterns what may be deleted',
    })
  }
  await using run = new RestoreRun(repository, options)
  return await run.execute(snapshot)
}

const everything: SelectForRestore = (_path, isDirectory) => ({ selected: true, childMayBeSelected: isDirectory })

class RestoreRun implements AsyncDisposable {
  readonly #repository: Repository
  readonly #options: RestoreOptions
  readonly #select: SelectForRestore
  readonly #target: Target
  readonly #plan: RestorePlan
  readonly #tally: Tally
  readonly #ticker: ProgressTicker<RestoreProgress>
  readonly #pool: WorkerPool<RestoreTask, RestoreResult>
  readonly #privileged = process.geteuid?.() === 0
  readonly #pace = new Pace()
  /** Positions of directories that could not be made. */
  readonly #unreachable = new Set<number>()
  #states: FileStates | undefined

  constructor(repository: Repository, options: RestoreOptions) {
    this.#repository = repository
    this.#options = options
    this.#select = options.select ?? everything
    this.#target = findTarget(options.target)
    this.#tally = new Tally(options.onItem)
    this.#pool = new WorkerPool({
      url: workerUrl('../../workers/restore-worker', import.meta.url),
      depth: 2,
      size: options.concurrency ?? Math.min(availableParallelism(), MOST_THREADS),
      workerData: {
        target: this.#target.path,
        masterKey: repository.masterKey,
        privileged: this.#privileged,
        sparse: options.sparse ?? false,
      } satisfies RestoreWorkerData,
    })
    this.#plan = new RestorePlan((segment) => this.#pool.notifyAll({ segment }))
    this.#ticker = new ProgressTicker(options.onProgress, () => this.#tally.progress(this.#plan))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ticker[Symbol.dispose]()
    await this.#pool[Symbol.asyncDispose]()
  }

  async execute(snapshot: Pick<Snapshot, 'tree'>): Promise<RestoreReport> {
    await this.#makePlan(snapshot)
    const states = new FileStates(this.#plan)
    this.#states = states
    await this.#compare(states)
    if (this.#options.dryRun) await this.#pretend(states)
    else await this.#apply(states)
    return this.#tally.report(this.#plan)
  }

  get #signal(): AbortSignal | undefined {
    return this.#options.signal
  }

  async #makePlan(snapshot: Pick<Snapshot, 'tree'>): Promise<void> {
    const found = await findPath(this.#repository, snapshot.tree, this.#options.path ?? '/', this.#signal)
    const planner = new RestorePlanner(this.#repository, this.#plan, {
      target: this.#target.path,
      targetExists: this.#target.exists,
      select: this.#select,
      overwrite: this.#options.overwrite ?? 'always',
      delete: this.#options.delete ?? false,
      sparse: this.#options.sparse ?? false,
      signal: this.#signal,
      onWarning: (warning) => this.#options.onWarning?.(warning),
      onItem: this.#options.onItem,
    })
    await planner.plan(found)
    for (const problem of this.#plan.problems) this.#tally.problem(problem.path, problem.error)
  }

  /** Finds out which parts of existing files are right already. */
  async #compare(states: FileStates): Promise<void> {
    const { files } = this.#plan
    const positions = new Map<number, number>()
    await this.#runComparisons(comparisonsBefore(this.#plan), (prepared, { matches, sizes, failures }) => {
      for (const [at, part] of prepared.parts.entries()) if (matches![at] === 1) files.setState(part, PART.present)
      const unreadable = new Set(failures.map(({ at }) => at))
      for (const [at, file] of prepared.files.entries()) {
        const position = files.positions[file]!
        if (unreadable.has(at) || sizes![at] !== this.#plan.size(position)) states.setWrongLength(file)
        positions.set(file, position)
      }
    })
    for (const file of positions.keys()) this.#weigh(file, states)
    for (let file = 0; file < files.count; file++) {
      if (files.beginnings[file] === TRUSTED) this.#tally.bytesUnchanged += this.#plan.size(files.positions[file]!)
    }
  }

  /** Counts what a compared file has. One with further names is made anew when it differs. */
  #weigh(file: number, states: FileStates): void {
    const { files, blobs, sharedFiles } = this.#plan
    states.recount(file)
    if (states.isDifferent(file) && sharedFiles.has(file)) {
      files.beginnings[file] = OPENING.replace
      for (let part = files.firstParts[file]!; part < files.firstParts[file + 1]!; part++) {
        if (files.state(part) === PART.present) files.setState(part, PART.needed)
      }
      states.recount(file)
    }
    for (let part = files.firstParts[file]!; part < files.firstParts[file + 1]!; part++) {
      if (files.state(part) === PART.present) this.#tally.bytesUnchanged += files.partLength(part, blobs)
    }
  }

  async #runComparisons(
    comparisons: Iterable<PreparedComparison>,
    onResult: (prepared: PreparedComparison, result: RestoreResult) => void,
  ): Promise<void> {
    await mapConcurrently(comparisons, this.#pool.size * 2, async (prepared) => {
      this.#signal?.throwIfAborted()
      onResult(prepared, await this.#pool.run(prepared.task))
    })
  }

  /** Counts what would be done. */
  async #pretend(states: FileStates): Promise<void> {
    const { files, blobs, entries, keptEntries, links, directories } = this.#plan
    for (const { state, isWanted, location, parent } of directories) {
      if (isWanted && parent && state !== 'present') this.#countDirectory(location)
    }
    for (const position of entries) this.#tally.file('restored', this.#plan.location(position), 0)
    for (const position of keptEntries) this.#tally.file('unchanged', this.#plan.location(position), 0)
    for (let file = 0; file < files.count; file++) {
      if (this.#pace.isTired) await this.#pace.rest()
      const position = files.positions[file]!
      for (let part = files.firstParts[file]!; part < files.firstParts[file + 1]!; part++) {
        if (files.state(part) === PART.needed) this.#tally.bytesRestored += files.partLength(part, blobs)
      }
      if (states.isDamaged(file)) continue
      const isNew = files.beginnings[file] === OPENING.create || files.beginnings[file] === OPENING.replace
      const action = !states.isDifferent(file) ? 'unchanged' : isNew ? 'restored' : 'updated'
      this.#tally.file(action, this.#plan.location(position), this.#plan.size(position))
    }
    const replaced = new Set(files.positions.filter((_, file) => files.beginnings[file] === OPENING.replace))
    for (const link of links) this.#countLink(link, !replaced.has(link.original) && this.#isLinked(link))
    this.#removeSurplus(true)
  }

  async #apply(states: FileStates): Promise<void> {
    this.#refuseWithoutRoom()
    makeTarget(this.#target)
    await this.#makeDirectories()
    const writer = new ContentWriter({
      repository: this.#repository,
      plan: this.#plan,
      states,
      pool: this.#pool,
      tally: this.#tally,
      target: this.#target.path,
      isReachable: (position) => this.#isReachable(position),
      signal: this.#signal,
    })
    try {
      await writer.write()
    } catch (error) {
      await this.#pool[Symbol.asyncDispose]()
      writer.abandon()
      throw error
    }
    await this.#makeLinks()
    this.#signal?.throwIfAborted()
    this.#removeSurplus(false)
    await this.#finishDirectories()
    if (this.#options.verify) await this.#verify(states)
  }

  #refuseWithoutRoom(): void {
    const free = this.#options.sparse ? undefined : freeBytes(this.#target, this.#privileged)
    const wanted = this.#plan.growthBytes
    if (free === undefined || wanted <= free) return
    throw new TargetFullError(`${wanted} bytes are to be restored, but ${this.#target.text} has room for ${free}`, {
      hint: 'nothing was changed: make room, choose another target, or restore less with include patterns',
    })
  }

  async #makeDirectories(): Promise<void> {
    for (const directory of this.#plan.directories) {
      const { parent, isWanted, state, location, position } = directory
      if (!parent || !isWanted) continue
      if (this.#unreachable.has(parent.position)) {
        this.#unreachable.add(position)
        continue
      }
      if (state === 'present') continue
      if (this.#pace.isTired) {
        await this.#pace.rest()
        this.#signal?.throwIfAborted()
      }
      try {
        makeDirectory(this.#target.path, directory)
        this.#countDirectory(location)
      } catch (error) {
        this.#unreachable.add(position)
        this.#tally.caught(location, error)
      }
    }
  }

  #isReachable(position: number): boolean {
    return this.#unreachable.size === 0 || !this.#unreachable.has(this.#plan.directoryOf(position)!)
  }

  async #makeLinks(): Promise<void> {
    const { files, links } = this.#plan
    const fileAt = new Map(links.length === 0 ? [] : files.positions.map((position, file) => [position, file]))
    for (const link of links) {
      if (this.#pace.isTired) {
        await this.#pace.rest()
        this.#signal?.throwIfAborted()
      }
      if (!this.#isReachable(link.position)) continue
      const file = fileAt.get(link.original)
      const location = this.#plan.location(link.position)
      if (file !== undefined && this.#states!.isDamaged(file)) {
        this.#tally.problem(location, this.#problemOf(link.original))
      }
      if (file !== undefined && !this.#states!.isDone(file)) {
        this.#tally.problem(location, this.#problemOf(link.original))
        continue
      }
      try {
        const isLinked = this.#isLinked(link)
        if (!isLinked) makeLink(this.#path(link.original), this.#path(link.position))
        this.#countLink(link, isLinked)
      } catch (error) {
        this.#tally.caught(location, error)
      }
    }
  }

  /** Why a file is not as it should be that has another name too. */
  #problemOf(position: number): Error {
    const location = this.#plan.location(position)
    return (
      this.#tally.problems.find(({ path }) => path === location)?.error ?? new Error(`${location} was not restored`)
    )
  }

  #isLinked({ position, original }: PlannedLink): boolean {
    return isSameFile(this.#path(position), this.#path(original))
  }

  #countLink({ position }: PlannedLink, isLinked: boolean): void {
    this.#tally.file(isLinked ? 'unchanged' : 'restored', this.#plan.location(position), 0)
  }

  #countDirectory(location: string): void {
    this.#tally.directoriesCreated++
    this.#tally.item('restored', location, 0)
  }

  #removeSurplus(dryRun: boolean): void {
    for (const { location, directory } of this.#plan.surplus) {
      if (!directory.isWanted || this.#unreachable.has(directory.position)) continue
      removeSurplus(location, {
        target: this.#target.path,
        select: this.#select,
        dryRun,
        onRemoved: (removed) => {
          this.#tally.filesDeleted++
          this.#tally.item('deleted', removed, 0)
        },
        onProblem: (failed, error) => this.#tally.caught(failed, error),
      })
    }
  }

  /** Deepest first, one after the other: a directory's mode may forbid to go into it. */
  async #finishDirectories(): Promise<void> {
    const positions = this.#plan.directories
      .filter(({ parent, isWanted, position }) => parent && isWanted && !this.#unreachable.has(position))
      .map(({ position }) => position)
      .toReversed()
    for (let start = 0; start < positions.length; start += TASK_DIRECTORIES) {
      this.#signal?.throwIfAborted()
      const group = positions.slice(start, start + TASK_DIRECTORIES)
      const result = await this.#pool.run({ kind: 'metadata', positions: Float64Array.from(group) })
      for (const { at, error } of result.failures) this.#tally.problem(this.#plan.location(group[at]!), error)
      for (const { position, part, error } of result.complaints) {
        this.#tally.problem(this.#plan.location(position), { ...error, message: `its ${part}: ${error.message}` })
      }
    }
  }

  async #verify(states: FileStates): Promise<void> {
    const { files } = this.#plan
    const wrong = new Map<number, string>()
    const seen = new Set<number>()
    const isWanted = (file: number) => states.isDone(file) && !states.isDamaged(file)
    await this.#runComparisons(comparisonsAfter(this.#plan, isWanted), (prepared, { matches, sizes, failures }) => {
      const unreadable = new Map(failures.map(({ at, error }) => [at, error.message]))
      let blob = 0
      for (const [at, file] of prepared.files.entries()) {
        seen.add(file)
        const size = this.#plan.size(files.positions[file]!)
        const reason =
          unreadable.get(at) ?? (sizes![at] === size ? undefined : `it has ${sizes![at]} bytes, not ${size}`)
        if (reason !== undefined) wrong.set(file, reason)
        for (const end = blob + prepared.task.counts[at]!; blob < end; blob++) {
          if (matches![blob] !== 1 && !wrong.has(file)) wrong.set(file, 'its content is not what was restored')
        }
      }
    })
    for (const [file, reason] of wrong) {
      this.#tally.problem(this.#plan.location(files.positions[file]!), new Error(`verification failed: ${reason}`))
    }
    this.#tally.verifiedFiles = seen.size - wrong.size
  }

  #path(position: number): string {
    return this.#target.path + this.#plan.location(position)
  }
}
