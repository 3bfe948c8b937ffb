import { MemoryBackend } from '../backend/memory.ts'
import type { Backend } from '../backend/backend.ts'
import { compress } from '../compression/zstd.ts'
import { sha256, sha256Id } from '../crypto/hash.ts'
import type { BlobId, Id, PackId, SnapshotId, TreeId } from '../ids.ts'
import { encodeIndex, type IndexedPack } from '../index/index-file.ts'
import type { BlobType, PackedBlob } from '../pack/blob.ts'
import { blobsOf, type FinishedPack, PackBuilder } from '../pack/pack-builder.ts'
import { encodeSnapshot } from '../snapshot/codec.ts'
import type { Snapshot, StoredSnapshot } from '../snapshot/snapshot.ts'
import { nodesToTree } from '../tree/encode.ts'
import { goMode } from '../tree/mode.ts'
import type { Node } from '../tree/node.ts'
import { initRepository, type InitOptions } from './init.ts'
import { openRepository } from './open.ts'
import type { Repository } from './repository.ts'

/** Cheap on purpose: restic accepts it too (§4). */
export const TEST_KDF = { N: 2, r: 8, p: 1 }

export const TEST_INIT = {
  password: 'secret',
  hostname: 'host',
  username: 'user',
  chunkerPolynomial: 0x3da3358b4dc173n,
  kdf: TEST_KDF,
} satisfies InitOptions

/** A new repository in memory, or in `backend`, opened with the password `secret`. */
export async function makeRepository(options: Partial<InitOptions> & { backend?: Backend } = {}): Promise<Repository> {
  const { backend = new MemoryBackend(), ...init } = options
  await initRepository(backend, { ...TEST_INIT, ...init })
  return await openRepository(backend, { password: init.password ?? TEST_INIT.password })
}

/** A directory: names with the content of a file, its chunks, a directory, or an entry as it is. */
export interface TreeSpec {
  readonly [name: string]: string | readonly string[] | TreeSpec | Partial<Node>
}

const isNode = (value: object): value is Partial<Node> => 'type' in value && typeof value.type === 'string'

const TIME = '2024-02-29T12:34:56Z'

export function makeNode(node: Partial<Node> & Pick<Node, 'name' | 'type'>): Node {
  const permissions = node.type === 'dir' ? goMode(0o040755) : node.type === 'symlink' ? goMode(0o120777) : 0o644
  return { mode: permissions, mtime: TIME, atime: TIME, ctime: TIME, uid: 0, gid: 0, content: null, ...node }
}

/** Puts blobs, packs, indexes and snapshots into a repository, one by one, so that a test can leave something out. */
export class RepositoryFiller {
  readonly #repository: Repository
  readonly #builders: Record<BlobType, PackBuilder>
  readonly #known = new Set<string>()
  /** Packs that are stored but in no index yet. */
  packs: IndexedPack[] = []

  constructor(repository: Repository) {
    this.#repository = repository
    const options = { targetBytes: 64 * 1024, verify: true }
    this.#builders = {
      data: new PackBuilder('data', repository.cipher, options),
      tree: new PackBuilder('tree', repository.cipher, options),
    }
  }

  async addBlob(type: BlobType, plaintext: Uint8Array): Promise<BlobId> {
    const id = sha256Id(plaintext)
    if (this.#known.has(type + id)) return id
    this.#known.add(type + id)
    const compressed = this.#repository.config.version === 2 ? compress(plaintext, 3) : undefined
    const packs = this.#builders[type].add(
      sha256(plaintext),
      compressed ?? plaintext,
      compressed ? plaintext.length : 0,
    )
    for (const pack of packs) await this.#storePack(pack)
    return id
  }

  async addNodes(nodes: readonly Node[]): Promise<TreeId> {
    return await this.addBlob('tree', nodesToTree(nodes))
  }

  async addTree(spec: TreeSpec): Promise<TreeId> {
    const nodes: Node[] = []
    for (const name of Object.keys(spec).sort()) {
      const value = spec[name]!
      if (typeof value === 'string') nodes.push(await this.#fileNode(name, [value]))
      else if (Array.isArray(value)) nodes.push(await this.#fileNode(name, value as string[]))
      else if (isNode(value)) nodes.push(makeNode({ name, type: 'file', ...value }))
      else nodes.push(makeNode({ name, type: 'dir', subtree: await this.addTree(value as TreeSpec) }))
    }
    return await this.addNodes(nodes)
  }

  async #fileNode(name: string, chunks: readonly string[]): Promise<Node> {
    const content: BlobId[] = []
    for (const chunk of chunks) if (chunk !== '') content.push(await this.addBlob('data', Buffer.from(chunk)))
    const size = chunks.join('').length
    return makeNode({ name, type: 'file', links: 1n, content, ...(size > 0 ? { size } : {}) })
  }

  /** Closes and stores the packs being filled. */
  async storePacks(): Promise<void> {
    for (const builder of Object.values(this.#builders)) {
      const pack = builder.finish()
      if (pack) await this.#storePack(pack)
    }
  }

  /** Stores what is left, names it in an index file, and loads that. */
  async finish(): Promise<void> {
    await this.storePacks()
    await this.storeIndex(this.packs)
    this.packs = []
    await this.#repository.loadIndex()
  }

  async storeIndex(packs: readonly IndexedPack[]): Promise<Id> {
    return await this.#repository.writeUnpacked('index', encodeIndex(packs))
  }

  async addSnapshot(tree: TreeId, fields: Partial<Snapshot> = {}): Promise<StoredSnapshot> {
    const snapshot: Snapshot = { time: TIME, tree, paths: ['/'], hostname: 'host', username: 'user', ...fields }
    const id: SnapshotId = await this.#repository.writeUnpacked('snapshot', encodeSnapshot(snapshot))
    return { ...snapshot, id }
  }

  async #storePack(pack: FinishedPack): Promise<void> {
    await this.#repository.backend.write('pack', pack.id, pack.content)
    this.packs.push({ id: pack.id, blobs: blobsOf(pack.type, pack.ids, pack.numbers) })
  }
}

/** A repository with one snapshot per tree, oldest first, a day apart. */
export async function makeFilledRepository(
  trees: readonly TreeSpec[],
  options: Parameters<typeof makeRepository>[0] = {},
): Promise<{ repository: Repository; snapshots: StoredSnapshot[] }> {
  const repository = await makeRepository(options)
  const filler = new RepositoryFiller(repository)
  const roots: TreeId[] = []
  for (const tree of trees) roots.push(await filler.addTree(tree))
  await filler.finish()
  const snapshots: StoredSnapshot[] = []
  for (const [day, root] of roots.entries()) {
    snapshots.push(await filler.addSnapshot(root, { time: `2024-03-0${day + 1}T00:00:00Z` }))
  }
  return { repository, snapshots }
}

/** The blobs of a pack as the index has them. */
export function blobsInPack(repository: Repository, pack: PackId): readonly PackedBlob[] {
  return [...repository.index.packs()].find(({ id }) => id === pack)?.blobs ?? []
}

/** Changes a stored file. */
export async function alterFile(
  backend: Backend,
  kind: 'pack' | 'index' | 'snapshot' | 'key' | 'lock' | 'config',
  name: string,
  alter: (content: Buffer) => Uint8Array,
): Promise<void> {
  const content = Buffer.from(await backend.read(kind, name))
  await backend.write(kind, name, alter(content), { replace: true })
}

/** For {@link alterFile}: one bit is wrong. */
export function flipBit(at: number): (content: Buffer) => Buffer {
  return (content) => {
    content[at < 0 ? content.length + at : at]! ^= 1
    return content
  }
}
