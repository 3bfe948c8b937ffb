import type { PackId } from '../../ids.ts'

export type RepackReason = 'partly-used' | 'mixed' | 'uncompressed' | 'small'

export interface PlannedPack {
  readonly id: PackId
  /** Bytes of the file. */
  readonly size: number
}

export interface RepackedPack extends PlannedPack {
  /** Bytes that go into new packs, the header's included. */
  readonly usedBytes: number
  readonly unusedBytes: number
  readonly reasons: readonly RepackReason[]
}

/** Bytes of blobs as stored. `used` has one copy of each needed blob; further ones are `duplicate`. */
export interface PruneStatistics {
  readonly blobs: {
    readonly used: number
    readonly duplicate: number
    readonly unused: number
    /** With packs of which nothing is needed. */
    readonly removed: number
    readonly repacked: number
    readonly removedByRepacking: number
  }
  readonly bytes: PruneStatistics['blobs'] & {
    /** Of packs in no index. */
    readonly unindexed: number
    /** Of packs that hold something uncompressed, after the prune; 0 in version 1. */
    readonly uncompressed: number
  }
  readonly packs: {
    readonly used: number
    readonly partlyUsed: number
    readonly unused: number
    readonly unindexed: number
    readonly kept: number
    readonly repacked: number
  }
}

export interface PlanProgress {
  readonly snapshots: number
  readonly treesDone: number
  readonly secondsElapsed: number
}

export type PrunePhase = 'deleting-unindexed' | 'repacking' | 'indexing' | 'deleting'

export interface PruneProgress {
  readonly phase: PrunePhase
  /** Packs of this phase. */
  readonly packsDone: number
  readonly packsTotal: number
  readonly secondsElapsed: number
}

export interface PruneReport {
  /** `incomplete`: packs could not be deleted, or not be repacked for lack of space. Nothing is damaged by that. */
  readonly outcome: 'succeeded' | 'incomplete'
  readonly removedPacks: number
  readonly removedBytes: number
  readonly repackedPacks: number
  readonly newPacks: number
  /** Bytes of the new packs. */
  readonly storedBytes: number
  readonly removedIndexes: number
  readonly newIndexes: number
  /** What killed programs had left half written. */
  readonly temporaryFiles: { readonly files: number; readonly bytes: number }
  /** Packs that could not be deleted: no index names them any more, the next prune tries again. */
  readonly failures: readonly { readonly pack: PackId; readonly error: Error }[]
  /** Packs that were to be repacked and were left as they are, since the storage has no room for the new ones. */
  readonly leftForLackOfSpace: readonly PlannedPack[]
  readonly secondsElapsed: number
}
