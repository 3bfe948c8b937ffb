import { InvalidInputError } from '../../errors.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { countBlobsPerFile, countFilesByContents } from './by-contents.ts'
import { countRawData, type RawData } from './raw-data.ts'
import { countRestoreSize } from './restore-size.ts'

export type StatsMode = 'restore-size' | 'files-by-contents' | 'blobs-per-file' | 'raw-data'

export interface StatsOptions {
  readonly mode: StatsMode
  readonly signal?: AbortSignal
}

/** Sizes in bytes. The same counts as restic's, mode by mode. */
export interface StatsReport {
  readonly mode: StatsMode
  readonly snapshots: number
  readonly totalSize: number
  /** Every mode but `raw-data`. */
  readonly totalFiles?: number
  /** `blobs-per-file` and `raw-data`. */
  readonly totalBlobs?: number
  /** `raw-data` of a repository with compression. */
  readonly compression?: RawData['compression']
}

/**
 * How large snapshots are:
 * - `restore-size`: what restoring each of them would write; every entry counts as a file, a hard-linked one's size once
 * - `files-by-contents`: each content once, whatever and wherever its files are
 * - `blobs-per-file`: each blob once per path
 * - `raw-data`: what their blobs take in the repository, each once
 *
 * @throws {DamagedError} a directory or blob is missing: the numbers would be wrong
 */
export async function stats(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  { mode, signal }: StatsOptions,
): Promise<StatsReport> {
  const counts = await count(repository, snapshots, mode, signal)
  return { mode, snapshots: snapshots.length, ...counts }
}

async function count(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  mode: StatsMode,
  signal: AbortSignal | undefined,
): Promise<Omit<StatsReport, 'mode' | 'snapshots'>> {
  switch (mode) {
    case 'restore-size':
      return await countRestoreSize(repository, snapshots, signal)
    case 'files-by-contents':
      return await countFilesByContents(repository, snapshots, signal)
    case 'blobs-per-file':
      return await countBlobsPerFile(repository, snapshots, signal)
    case 'raw-data':
      return await countRawData(repository, snapshots, signal)
    default:
      throw new InvalidInputError(`there is no way to count called ${JSON.stringify(mode)}`)
  }
}
