import { removeIfPresent } from '../../backend/remove-if-present.ts'
import { BackendError } from '../../backend/backend.ts'
import type { BlobId, PackId } from '../../ids.ts'
import type { BlobType, PackedBlob } from '../../pack/blob.ts'
import { columnsOf } from '../../pack/blob-columns.ts'
import { PackVerifier } from '../../pack/verify-pack.ts'
import type { Repository } from '../../repository/repository.ts'
import { rewriteIndex } from '../prune/rewrite-index.ts'
import { repack } from '../repack/repack.ts'
import { planSalvage, type SalvagePlan } from './pack-plan.ts'

export interface RepairPacksOptions {
  /** Puts a copy of each pack into safety before anything is changed. A pack that cannot be copied is not removed. */
  readonly keepCopy?: (pack: PackId, content: Uint8Array) => Promise<void>
  readonly packSizeBytes?: number | undefined
  /** Find out what would be lost, and do nothing. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  /** Throws when the lock is not held any more; asked before index files and packs are removed. */
  readonly confirmLock?: () => Promise<void>
  /** Told what is known of the packs, before anything is done. */
  readonly onPlan?: (plan: readonly SalvagePlan[]) => void
}

/** A blob of which no usable copy was found anywhere. */
export interface LostBlob {
  readonly type: BlobType
  readonly id: BlobId
  readonly pack: PackId
  readonly reason: string
}

export interface RepairPacksReport {
  readonly packs: readonly SalvagePlan[]
  /** Each once. */
  readonly lost: readonly LostBlob[]
  readonly blobsSaved: number
  readonly newPacks: readonly PackId[]
  /** In a dry run, those that would be removed. */
  readonly removed: readonly PackId[]
  /** Could not be copied, so that they stay in the repository until a prune; no index names them any more. */
  readonly notCopied: readonly { readonly id: PackId; readonly reason: string }[]
}

/**
 * Takes packs out of the repository, and puts every blob of them that can still be read into new ones (§20). What they
 * held is known from the index and from their headers; a blob that is damaged in them is taken from another pack that has
 * it. Blobs that are lost are named: a backup of the same files brings them back.
 *
 * New packs and their index are durable before the old packs disappear from the index, and that before they are removed
 * (§14). The caller has loaded the index and holds an exclusive lock.
 *
 * @throws {InvalidInputError} a pack is not there
 */
export async function repairPacks(
  repository: Repository,
  packs: Iterable<PackId>,
  options: RepairPacksOptions = {},
): Promise<RepairPacksReport> {
  const { dryRun = false, signal, confirmLock = async () => undefined, onPlan } = options
  const ids = new Set(packs)
  const plan = await planSalvage(repository, ids, signal)
  onPlan?.(plan)
  if (dryRun) return await previewRepair(repository, plan, signal)
  const notCopied = await keepCopies(repository, plan, options)
  const { saved, newPacks, lost } = await salvage(repository, plan, options)
  await rewriteIndex({
    repository,
    gone: ids,
    required: new Set(newPacks),
    signal,
    beforeRemoval: confirmLock,
  })
  await confirmLock()
  const removed = [...ids].filter((id) => !notCopied.some((pack) => pack.id === id))
  for (const id of removed) await removePack(repository, id, signal)
  await repository.loadIndex(signal)
  return { packs: plan, lost, blobsSaved: saved, newPacks, removed, notCopied }
}

async function previewRepair(
  repository: Repository,
  plan: readonly SalvagePlan[],
  signal: AbortSignal | undefined,
): Promise<RepairPacksReport> {
  const verifier = new PackVerifier(repository.cipher)
  const damaged: Damage[] = []
  for (const { id, size, blobs } of plan) {
    signal?.throwIfAborted()
    const content = await repository.backend.read('pack', id, { length: size, ...(signal ? { signal } : {}) })
    for (const at of verifier.verify(id, content, columnsOf(blobs)).damagedBlobs) {
      const blob = blobs[at]!
      const isElsewhere = repository.index.findAll(blob.type, blob.id).some(({ pack }) => pack !== id)
      if (!isElsewhere) damaged.push({ blob, pack: id, reason: 'it cannot be read' })
    }
  }
  const blobs = plan.reduce((sum, pack) => sum + pack.blobs.length, 0)
  const removed = plan.map(({ id }) => id)
  const lost = lostOf(plan, damaged)
  return { packs: plan, lost, blobsSaved: blobs - damaged.length, newPacks: [], removed, notCopied: [] }
}

async function keepCopies(
  { backend }: Repository,
  plan: readonly SalvagePlan[],
  { keepCopy, signal }: RepairPacksOptions,
): Promise<RepairPacksReport['notCopied']> {
  const notCopied: { id: PackId; reason: string }[] = []
  for (const { id } of keepCopy ? plan : []) {
    signal?.throwIfAborted()
    let content: Uint8Array
    try {
      content = await backend.read('pack', id, signal ? { signal } : {})
    } catch (error) {
      if (!(error instanceof BackendError)) throw error
      notCopied.push({ id, reason: error.message })
      continue
    }
    await keepCopy!(id, content)
  }
  return notCopied
}

/** An entry that could not be saved. */
interface Damage {
  readonly blob: PackedBlob
  readonly pack: PackId
  readonly reason: string
}

async function salvage(
  repository: Repository,
  plan: readonly SalvagePlan[],
  { packSizeBytes, signal }: RepairPacksOptions,
): Promise<{ saved: number; newPacks: readonly PackId[]; lost: LostBlob[] }> {
  const damaged: Damage[] = []
  const { blobs, newPacks } = await repack({
    from: repository,
    to: repository,
    packs: plan.map(({ id, blobs }) => ({ id, blobs: columnsOf(blobs.toSorted((a, b) => a.offset - b.offset)) })),
    compression: 'keep',
    packSizeBytes,
    signal,
    onDamaged: (blob, pack, reason) => damaged.push({ blob, pack, reason }),
  })
  return { saved: blobs, newPacks, lost: lostOf(plan, damaged) }
}

/** Where index and header disagree, a blob may be damaged by the word of the one and whole by that of the other. */
function lostOf(plan: readonly SalvagePlan[], damaged: readonly Damage[]): LostBlob[] {
  const keyOf = ({ type, id }: PackedBlob): string => type + id
  const claims = new Map(damaged.map(({ blob }) => [keyOf(blob), 0]))
  for (const blob of plan.flatMap(({ blobs }) => blobs)) {
    const count = claims.get(keyOf(blob))
    if (count !== undefined) claims.set(keyOf(blob), count + 1)
  }
  const lost: LostBlob[] = []
  for (const { blob, pack, reason } of damaged) {
    const left = claims.get(keyOf(blob))! - 1
    claims.set(keyOf(blob), left)
    if (left === 0) lost.push({ type: blob.type, id: blob.id, pack, reason })
  }
  return lost
}

async function removePack({ backend }: Repository, id: PackId, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await removeIfPresent(backend, 'pack', id, signal)
}
