import { InvalidInputError } from '../../errors.ts'
import type { BlobId, PackId, TreeId } from '../../ids.ts'
import { IdSet } from '../../index/id-set.ts'
import type { BlobType } from '../../pack/blob.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { walkInOrder } from '../ordered-walk.ts'
import type { FindOptions } from './find-entries.ts'

/** Ids, or beginnings of ids that fit only one; whole packs stand for the blobs in them. */
export interface ObjectQuery {
  readonly blobs?: readonly string[]
  readonly trees?: readonly string[]
  readonly packs?: readonly string[]
}

/** A place where a blob is used: a file that holds a data blob, or the directory that a tree blob lists. */
export interface FoundObject {
  readonly snapshot: StoredSnapshot
  readonly type: BlobType
  readonly id: BlobId
  /** Absolute byte string. */
  readonly path: string
  /** The tree that lists the entry; absent for the root of a snapshot. */
  readonly parent?: TreeId
}

/**
 * Searches snapshots for the places where blobs are used, in the order given, each use once for every snapshot.
 *
 * @throws {InvalidInputError} an id of nothing in the index, a beginning that fits several, or no id at all
 */
export async function* findObjects(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  query: ObjectQuery,
  { signal, onUnreadable }: FindOptions = {},
): AsyncGenerator<FoundObject> {
  const { data, trees } = wantedBlobs(repository, query)
  for (const snapshot of snapshots) {
    if (trees.has(snapshot.tree)) yield { snapshot, type: 'tree', id: snapshot.tree, path: '/' }
    const entries = walkInOrder(repository, snapshot.tree, {
      signal,
      ...(onUnreadable && {
        onUnreadable: (path: string, error: unknown) => onUnreadable(snapshot, path, error),
      }),
    })
    for await (const { path, node, parent } of entries) {
      if (node.type === 'dir' && node.subtree !== undefined && trees.has(node.subtree)) {
        yield { snapshot, type: 'tree', id: node.subtree, path, parent }
      }
      if (node.type !== 'file' || data.size === 0) continue
      for (const id of node.content ?? []) if (data.has(id)) yield { snapshot, type: 'data', id, path, parent }
    }
  }
}

function wantedBlobs({ index }: Repository, query: ObjectQuery): { data: IdSet; trees: IdSet } {
  const sets = { data: new IdSet(), trees: new IdSet() }
  const { blobs = [], trees = [], packs = [] } = query
  if (blobs.length + trees.length + packs.length === 0) throw new InvalidInputError('there is no id to search for')
  const wanted = {
    data: blobs.map((prefix) => new WantedPrefix('data blob', prefix)),
    tree: trees.map((prefix) => new WantedPrefix('tree', prefix)),
    pack: packs.map((prefix) => new WantedPrefix('pack', prefix)),
  }
  for (const pack of index.packIds) for (const prefix of wanted.pack) prefix.offer(pack)
  const wantedPacks = new Set<PackId>(wanted.pack.map((prefix) => prefix.id()))
  for (const { type, id, pack } of index.blobs()) {
    for (const prefix of wanted[type]) prefix.offer(id)
    if (wantedPacks.has(pack)) (type === 'tree' ? sets.trees : sets.data).add(id)
  }
  for (const prefix of wanted.data) sets.data.add(prefix.id())
  for (const prefix of wanted.tree) sets.trees.add(prefix.id())
  return sets
}

class WantedPrefix {
  readonly #what: string
  readonly #prefix: string
  #found: BlobId | undefined
  #isAmbiguous = false

  constructor(what: string, prefix: string) {
    this.#what = what
    this.#prefix = prefix.toLowerCase()
    if (!/^[0-9a-f]{1,64}$/.test(this.#prefix)) {
      throw new InvalidInputError(`${JSON.stringify(prefix)} is not the beginning of an id`)
    }
  }

  offer(id: BlobId): void {
    if (!id.startsWith(this.#prefix)) return
    this.#isAmbiguous ||= this.#found !== undefined && this.#found !== id
    this.#found = id
  }

  id(): BlobId {
    const what = `${this.#what} ${this.#prefix}`
    if (this.#isAmbiguous) throw new InvalidInputError(`${what} is not unique`, { hint: 'give more digits' })
    if (this.#found === undefined) throw new InvalidInputError(`there is no ${what} in the index`)
    return this.#found
  }
}
