import type { PackId } from '../../ids.ts'
import type { Repository } from '../../repository/repository.ts'
import { ProgressTicker } from '../progress-ticker.ts'
import { lostData, surveyDamage } from './affected-files.ts'
import { type CheckedIndex, loadIndexFiles } from './check-index.ts'
import { comparePacks, type ComparedPacks } from './check-packs.ts'
import { checkTrees, type ReadSnapshots, readSnapshots } from './check-trees.ts'
import { FindingList, type Findings } from './findings.ts'
import { type DamagedPack, type PackRead, readPacks } from './read-packs.ts'
import type { CheckOptions, CheckProgress, CheckReport } from './report.ts'
import { proofOf, type ReadTimes, type SelectionContext, selectPacks } from './select-packs.ts'
import { suggestRepairs } from './suggestions.ts'
import type { TouchedSnapshot } from './touched-snapshots.ts'
import { BlobPlaces, readUnindexed, reportUnindexed } from './unindexed.ts'

/**
 * Proves that a repository is whole (§17): index files, packs, snapshots and trees, and on request the content of packs.
 * Damage is never thrown, it is what the report is for; so is a file that the storage refuses to give. The index is loaded here: `Repository.loadIndex` refuses damage.
 *
 * The caller holds a lock, a shared one will do: packs that a backup is just storing are hints. Memory: the index, 50 bytes
 * per directory (with damage, 110 and what lists of its subdirectories take), and a pack or two per thread.
 *
 * @throws the signal's reason, and trouble of the backend that may pass or keeps it from listing files
 */
export async function check(repository: Repository, options: CheckOptions = {}): Promise<CheckReport> {
  return await new CheckRun(repository, options).run()
}

class CheckRun {
  readonly #repository: Repository
  readonly #options: CheckOptions
  readonly #findings: Findings = { errors: new FindingList(), hints: new FindingList() }
  readonly #startedAt = performance.now()
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #readTimes: ReadTimes
  readonly #began: number
  #found: ReadSnapshots = { snapshots: [], unreadable: [] }
  #trees = 0
  #packsDone = 0
  #packsTotal = 0
  #bytesDone = 0
  #bytesTotal = 0
  #lastChosen: PackId | undefined

  constructor(repository: Repository, options: CheckOptions) {
    this.#repository = repository
    this.#options = options
    this.#readTimes = options.readTimes ?? new Map<PackId, number>()
    this.#began = (options.now ?? Date.now)()
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#stop.signal]) : this.#stop.signal
  }

  async run(): Promise<CheckReport> {
    using _ticker = new ProgressTicker(this.#options.onProgress, () => this.#progress())
    this.#signal.throwIfAborted()
    // Snapshots before the index, and that before the packs: what a backup stores in between must not look incomplete (§14).
    this.#found = await readSnapshots(this.#repository, this.#findings, this.#signal)
    const checked = await loadIndexFiles(this.#repository, this.#findings, this.#signal)
    const packs = await comparePacks(this.#repository, checked, this.#findings, this.#signal)
    this.#forgetRemoved(packs)
    const unindexed = await readUnindexed(this.#repository, packs.unindexed, this.#signal)
    const places = new BlobPlaces(checked.index, unindexed.index)
    const damaged = await this.#readAll(checked, packs, places)
    reportUnindexed(unindexed, places.neededPacks, this.#findings)
    const touched = await this.#survey(places, packs, damaged)
    return this.#report(packs, damaged, touched)
  }

  /** Trees keep this thread busy, packs the others: they are read at the same time. */
  async #readAll(checked: CheckedIndex, packs: ComparedPacks, places: BlobPlaces): Promise<DamagedPack[]> {
    const tasks = [this.#readPacks(checked, packs), this.#checkTrees(places)] as const
    try {
      const [damaged] = await Promise.all(tasks)
      return damaged
    } catch (error) {
      this.#stop.abort(error)
      await Promise.allSettled(tasks)
      throw error
    }
  }

  /** Suspect packs are read in any case, to tell which of their blobs are lost. */
  async #readPacks({ index }: CheckedIndex, { sound, suspect }: ComparedPacks): Promise<DamagedPack[]> {
    const { readData } = this.#options
    const chosen = readData === undefined ? [] : selectPacks(sound, readData, this.#selection())
    this.#lastChosen = chosen.at(-1)?.id
    const packs = [...suspect, ...chosen]
    this.#packsTotal = packs.length
    this.#bytesTotal = packs.reduce((sum, { size }) => sum + size, 0)
    const onPack = ({ id, size, isWhole }: PackRead): void => {
      this.#packsDone++
      this.#bytesDone += size
      if (isWhole) this.#readTimes.set(id, this.#began)
      else this.#readTimes.delete(id)
    }
    const [repository, findings, signal] = [this.#repository, this.#findings, this.#signal]
    return await readPacks({ repository, index, packs, findings, signal, onPack })
  }

  #selection(): SelectionContext {
    return { random: this.#options.random ?? Math.random, nowMs: this.#began, readTimes: this.#readTimes }
  }

  #forgetRemoved({ sound, suspect }: ComparedPacks): void {
    const stored = new Set([...sound, ...suspect].map(({ id }) => id))
    for (const id of [...this.#readTimes.keys()]) if (!stored.has(id)) this.#readTimes.delete(id)
  }

  async #checkTrees(places: BlobPlaces): Promise<void> {
    await checkTrees({
      repository: this.#repository,
      places,
      snapshots: this.#found.snapshots,
      findings: this.#findings,
      signal: this.#signal,
      onTree: () => this.#trees++,
    })
  }

  /** Only when something is wrong, since every directory is read once more. */
  async #survey(
    places: BlobPlaces,
    packs: ComparedPacks,
    damaged: readonly DamagedPack[],
  ): Promise<readonly TouchedSnapshot[]> {
    const { snapshots, unreadable } = this.#found
    const touched = unreadable.map((id) => ({ id, files: 0, directories: 0 }))
    if (this.#findings.errors.total === unreadable.length) return touched
    const lost = lostData(places.index, new Set<PackId>(packs.missing), damaged)
    const [repository, findings, signal] = [this.#repository, this.#findings, this.#signal]
    return [...touched, ...(await surveyDamage({ repository, places, snapshots, lost, findings, signal }))]
  }

  #report(
    packs: ComparedPacks,
    damaged: readonly DamagedPack[],
    touchedSnapshots: readonly TouchedSnapshot[],
  ): CheckReport {
    const { errors, hints } = this.#findings
    const { readData } = this.#options
    const refused = damaged.filter(({ isRefused }) => isRefused).map(({ id }) => id)
    const damagedPacks = new Set([...packs.suspect, ...damaged].map(({ id }) => id))
    for (const id of refused) damagedPacks.delete(id)
    const isByTime = readData !== undefined && readData !== 'all' && 'withinMs' in readData
    const isRound = readData !== undefined && readData !== 'all' && 'round' in readData
    const stored = [...packs.sound, ...packs.suspect]
    return {
      errors: errors.list(),
      hints: hints.list(),
      snapshots: this.#found.snapshots.length,
      trees: this.#trees,
      packs: packs.indexed,
      packsRead: this.#packsDone,
      bytesRead: this.#bytesDone,
      ...(isRound && this.#lastChosen !== undefined ? { roundEndsAt: this.#lastChosen } : {}),
      ...(isByTime ? { proof: proofOf(stored, readData.withinMs, this.#selection()) } : {}),
      touchedSnapshots,
      damagedPacks: [...damagedPacks],
      suggestions: suggestRepairs(this.#findings, [...damagedPacks]),
    }
  }

  #progress(): CheckProgress {
    return {
      snapshots: this.#found.snapshots.length,
      treesDone: this.#trees,
      packsDone: this.#packsDone,
      packsTotal: this.#packsTotal,
      bytesDone: this.#bytesDone,
      bytesTotal: this.#bytesTotal,
      errors: this.#findings.errors.total,
      secondsElapsed: (performance.now() - this.#startedAt) / 1000,
    }
  }
}
