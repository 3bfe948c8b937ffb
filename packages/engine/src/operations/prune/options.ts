import { InvalidInputError } from '../../errors.ts'
import type { SnapshotId } from '../../ids.ts'
import { PACK_SIZE_LIMITS } from '../../pack/pack-builder.ts'
import type { RepositoryConfig } from '../../repository/config.ts'

/** How much may stay that no snapshot needs: a share of the repository, bytes, or any amount. */
export type MaxUnused = { readonly percent: number } | { readonly bytes: number } | 'unlimited'

export interface PruneOptions {
  /** 5 percent by default. Packs of which nothing is needed always go. */
  readonly maxUnused?: MaxUnused | undefined
  /** Bytes of old packs to be rewritten at most; all by default. */
  readonly maxRepackBytes?: number | undefined
  /** Also packs below four fifths of the pack size, if there are ten of them. */
  readonly repackSmall?: boolean | undefined
  /** As `repackSmall`, for packs below this many bytes. */
  readonly repackBelowBytes?: number | undefined
  /** Also packs with data that is not compressed. */
  readonly repackUncompressed?: boolean | undefined
  /** Only packs with directories, which programs keep in a cache: nothing else is read. */
  readonly repackCacheableOnly?: boolean | undefined
  /** Of new packs, 16 MiB by default. */
  readonly packSizeBytes?: number | undefined
  /** Snapshots to be taken for removed already: a preview of what prune does after a forget. */
  readonly without?: ReadonlySet<SnapshotId> | undefined
}

/** The options in the form that the decision needs (§19.3). */
export interface PruneRules {
  readonly version: RepositoryConfig['version']
  readonly maxUnused: MaxUnused
  readonly maxRepackBytes: number
  /** Packs below this many bytes are too small. */
  readonly smallPackBytes: number
  readonly repackUncompressed: boolean
  readonly repackCacheableOnly: boolean
}

/** @throws {InvalidInputError} options that make no sense, by themselves or for this repository */
export function rulesOf(options: PruneOptions, version: RepositoryConfig['version']): PruneRules {
  const { maxUnused = { percent: 5 }, maxRepackBytes = Infinity, packSizeBytes = PACK_SIZE_LIMITS.default } = options
  const { repackBelowBytes, repackUncompressed = false, repackCacheableOnly = false, repackSmall = false } = options
  if (packSizeBytes < PACK_SIZE_LIMITS.minimum || packSizeBytes > PACK_SIZE_LIMITS.maximum) {
    throw new InvalidInputError(`a pack size of ${packSizeBytes} bytes is not between 4 and 128 MiB`)
  }
  if (typeof maxUnused === 'object' && 'percent' in maxUnused && !(maxUnused.percent >= 0 && maxUnused.percent < 100)) {
    throw new InvalidInputError(`${maxUnused.percent} % unused is not from 0 to below 100`)
  }
  if (repackUncompressed && version === 1) {
    throw new InvalidInputError('a repository of version 1 cannot hold compressed data', {
      hint: 'run `hikae migrate upgrade_repo_v2` first, or leave --repack-uncompressed out',
    })
  }
  if (repackBelowBytes !== undefined && repackBelowBytes > packSizeBytes) {
    throw new InvalidInputError(`packs cannot be made larger than ${packSizeBytes} bytes, the pack size`, {
      hint: 'choose a smaller limit for small packs, or a larger pack size',
    })
  }
  const byDefault = repackSmall ? Math.floor(packSizeBytes / 5) * 4 : Math.floor(packSizeBytes / 25)
  const smallPackBytes = repackBelowBytes ?? byDefault
  return { version, maxUnused, maxRepackBytes, smallPackBytes, repackUncompressed, repackCacheableOnly }
}

/** Bytes that may stay unused beside `usedBytes`. */
export function unusedLimit(maxUnused: MaxUnused, usedBytes: number): number {
  if (maxUnused === 'unlimited') return Infinity
  if ('bytes' in maxUnused) return maxUnused.bytes
  return (maxUnused.percent / (100 - maxUnused.percent)) * usedBytes
}
