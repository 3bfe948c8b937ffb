import type { PackId } from '../../ids.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { ProgressTicker } from '../progress-ticker.ts'
import { lostData, reportAffectedFiles } from './affected-files.ts'
import { type CheckedIndex, loadIndexFiles } from './check-index.ts'
import { comparePacks, type ComparedPacks } from './check-packs.ts'
import { checkTrees, readSnapshots } from './check-trees.ts'
import { FindingList, type Findings } from './findings.ts'
import { type DamagedPack, readPacks } from './read-packs.ts'
import type { CheckOptions, CheckProgress, CheckReport } from './report.ts'
import { selectPacks } from './select-packs.ts'
import { suggestRepairs } from './suggestions.ts'

/**
 * Proves that a repository is whole (§17): index files, packs, snapshots and trees, and on request the content of packs.
 * Damage is never thrown, it is what the report is for. The index is loaded here: `Repository.loadIndex` refuses damage.
 *
 * The caller holds an exclusive lock, or accepts that work in progress looks like damage. Memory: the index, 50 bytes per
 * directory, and a pack or two per thread.
 *
 * @throws the signal's reason, and trouble of the backend other than missing and damaged files
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
  #snapshots: readonly StoredSnapshot[] = []
  #trees = 0
  #packsDone = 0
  #packsTotal = 0
  #bytesDone = 0
  #bytesTotal = 0

  constructor(repository: Repository, options: CheckOptions) {
    this.#repository = repository
    this.#options = options
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#stop.signal]) : this.#stop.signal
  }

  async run(): Promise<CheckReport> {
    using _ticker = new ProgressTicker(this.#options.onProgress, () => this.#progress())
    this.#signal.throwIfAborted()
    // Snapshots before the index: one that a backup finishes in between must not look incomplete (§14).
    this.#snapshots = await readSnapshots(this.#repository, this.#findings, this.#signal)
    const checked = await loadIndexFiles(this.#repository, this.#findings, this.#signal)
    const packs = await comparePacks(this.#repository, checked, this.#findings, this.#signal)
    const damaged = await this.#readAll(checked, packs)
    await this.#nameAffected(checked, packs, damaged)
    return this.#report(packs, damaged)
  }

  /** Trees keep this thread busy, packs the others: they are read at the same time. */
  async #readAll(checked: CheckedIndex, packs: ComparedPacks): Promise<DamagedPack[]> {
    const tasks = [this.#readPacks(checked, packs), this.#checkTrees(checked)] as const
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
    const { readData, random = Math.random } = this.#options
    const chosen = readData === undefined ? [] : selectPacks(sound, readData, random)
    const packs = [...suspect, ...chosen]
    this.#packsTotal = packs.length
    this.#bytesTotal = packs.reduce((sum, { size }) => sum + size, 0)
    const onPack = (bytes: number): void => {
      this.#packsDone++
      this.#bytesDone += bytes
    }
    const [repository, findings, signal] = [this.#repository, this.#findings, this.#signal]
    return await readPacks({ repository, index, packs, findings, signal, onPack })
  }

  async #checkTrees({ index, isComplete }: CheckedIndex): Promise<void> {
    if (!isComplete) {
      const message =
        'the snapshots were not checked, since the index is incomplete: everything would seem to be missing'
      this.#findings.errors.add({ kind: 'not-checked', message })
      return
    }
    await checkTrees({
      repository: this.#repository,
      index,
      snapshots: this.#snapshots,
      findings: this.#findings,
      signal: this.#signal,
      onTree: () => this.#trees++,
    })
  }

  async #nameAffected(checked: CheckedIndex, packs: ComparedPacks, damaged: readonly DamagedPack[]): Promise<void> {
    if (!checked.isComplete) return
    const lost = lostData(checked.index, new Set<PackId>(packs.missing), damaged)
    if (lost.size === 0) return
    const read = { repository: this.#repository, index: checked.index, snapshots: this.#snapshots }
    await reportAffectedFiles(read, lost, this.#findings, this.#signal)
  }

  #report(packs: ComparedPacks, damaged: readonly DamagedPack[]): CheckReport {
    const { errors, hints } = this.#findings
    const damagedPacks = [...new Set([...packs.suspect, ...damaged].map(({ id }) => id))]
    return {
      errors: errors.list(),
      hints: hints.list(),
      snapshots: this.#snapshots.length,
      trees: this.#trees,
      packs: packs.indexed,
      packsRead: this.#packsDone,
      bytesRead: this.#bytesDone,
      damagedPacks,
      suggestions: suggestRepairs(this.#repository.backend, this.#findings, damagedPacks),
    }
  }

  #progress(): CheckProgress {
    return {
      snapshots: this.#snapshots.length,
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
