import { CHUNK_PROFILES } from '../../chunker/profile.ts'
import { createScanner, type Scanner } from '../../chunker/scanner.ts'
import { chunkStream } from '../../chunker/stream-chunker.ts'
import type { ChunkProfileName } from '../../entry.ts'
import type { StoredCounts } from '../../pack/blob-storer.ts'
import {
  type BackupEvent,
  type BackupResult,
  type BackupTask,
  FACTS_PER_FILE,
  type FileList,
  type StoredContent,
  WINDOW_BYTES,
} from '../../workers/backup-protocol.ts'
import type { WorkerPool } from '../../workers/worker-pool.ts'

/** Small files travel to the threads together. */
const BATCH_FILES = 64
const BATCH_BYTES = 2 * 1024 * 1024
/** A thread without work takes a batch that is begun, but not each file by itself: messages cost as much as small files. */
const BEGUN_BATCH_FILES = 16
const BEGUN_BATCH_BYTES = 256 * 1024
/** Files whose outcome is awaited; bounds memory. */
const MAXIMUM_PENDING_FILES = 2048
const TASKS_AHEAD_PER_THREAD = 3
/** Larger files are read by several threads at once. */
const LARGE_FILE_BYTES = 2 * WINDOW_BYTES
const CHUNK_TASK_BYTES = 4 * 1024 * 1024

/** What is told of a file to be stored: path as latin1, and what lstat said. */
export interface QueuedFile {
  readonly path: string
  readonly profile: ChunkProfileName
  readonly size: number
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly inode: bigint
}

/** Is told the outcome for one file, which may be that it could not be read; or that the backup cannot go on. */
export interface ContentReceiver {
  stored(content: StoredContent): void
  failed(error: unknown): void
}

type Pool = WorkerPool<BackupTask, BackupResult, BackupEvent>

export interface ContentQueueOptions {
  readonly pool: Pool
  readonly polynomial: bigint
  /** When it aborts nothing more is begun. */
  readonly signal: AbortSignal
  /** Whether the repositories have stored enough of what they were given, and the promise that they have. */
  readonly hasRoom: () => boolean
  readonly room: () => Promise<void>
  readonly onCounts: (counts: StoredCounts) => void
  /** Bytes read since the last call, and files finished. */
  readonly onRead: (bytes: number, files: number) => void
}

/** Gives content to the threads: small files in batches, large ones in overlapping windows, streams in chunks. */
export class ContentQueue {
  readonly #options: ContentQueueOptions
  #batch: QueuedFile[] = []
  #batchBytes = 0
  #receivers: ContentReceiver[] = []
  #pendingFiles = 0
  #roomWaiters: (() => void)[] = []
  #scanner: Scanner | undefined

  constructor(options: ContentQueueOptions) {
    this.#options = options
  }

  /** Resolves when another file may be added. Awaited before each one, it bounds what is under way. */
  async room(): Promise<void> {
    await this.#options.room()
    while (this.#hasManyTasks) {
      if (this.#pendingFiles >= MAXIMUM_PENDING_FILES) this.flush()
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve))
    }
  }

  /** Whether {@link ContentQueue.room} would wait. */
  get isFull(): boolean {
    return this.#hasManyTasks || !this.#options.hasRoom()
  }

  get #hasManyTasks(): boolean {
    const { pool } = this.#options
    return this.#pendingFiles >= MAXIMUM_PENDING_FILES || pool.queued > pool.size * TASKS_AHEAD_PER_THREAD
  }

  /** Stores a file's content. */
  file(file: QueuedFile, receiver: ContentReceiver): void {
    this.#pendingFiles++
    if (file.size > LARGE_FILE_BYTES) {
      this.#deliver(this.#largeFile(file), [receiver], (content) => content)
      return
    }
    if (this.#batch[0] && this.#batch[0].profile !== file.profile) this.flush()
    this.#batch.push(file)
    this.#receivers.push(receiver)
    this.#batchBytes += file.size
    const isFull = this.#batch.length >= BATCH_FILES || this.#batchBytes >= BATCH_BYTES
    const isBegun = this.#batch.length >= BEGUN_BATCH_FILES || this.#batchBytes >= BEGUN_BATCH_BYTES
    if (isFull || (isBegun && this.#options.pool.hasIdle)) this.flush()
  }

  /** Sends the files that wait for company. */
  flush(): void {
    if (this.#batch.length === 0) return
    const files = this.#batch
    const receivers = this.#receivers
    this.#batch = []
    this.#batchBytes = 0
    this.#receivers = []
    this.#deliver(this.#run({ kind: 'files', files: fileList(files) }), receivers, (contents, index) => {
      this.#options.onRead(contents[index]!.size, 1)
      return contents[index]!
    })
  }

  /** Tells each receiver its part of an outcome. */
  #deliver<Outcome>(
    outcome: Promise<Outcome>,
    receivers: readonly ContentReceiver[],
    part: (outcome: Outcome, index: number) => StoredContent,
  ): void {
    outcome
      .then((known) => {
        for (const [index, receiver] of receivers.entries()) receiver.stored(part(known, index))
      })
      .catch((error: unknown) => {
        for (const receiver of receivers) receiver.failed(error)
      })
      .finally(() => {
        this.#pendingFiles -= receivers.length
        this.#wake()
      })
      // Nothing above can reject: what a receiver throws has been told to it.
      .catch(() => undefined)
  }

  /**
   * Stores a stream's content, once all files that were added before have been read: a source may let go of them when a
   * stream after them is opened. Rejects with what the stream throws.
   */
  async stream(source: AsyncIterable<Uint8Array>, profile: ChunkProfileName): Promise<StoredContent> {
    await this.#allRead()
    this.#scanner ??= createScanner(this.#options.polynomial, WINDOW_BYTES)
    const parts: Promise<StoredContent>[] = []
    let chunks: Uint8Array<ArrayBuffer>[] = []
    let bytes = 0
    const send = (): void => {
      const part = this.#storeChunks(chunks)
      // Awaited when the stream has ended, which may take its time; until then a failure must not count as unhandled.
      part.catch(() => undefined)
      parts.push(part)
      chunks = []
      bytes = 0
    }
    try {
      for await (const chunk of chunkStream(source, CHUNK_PROFILES[profile], this.#scanner)) {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes < CHUNK_TASK_BYTES) continue
        send()
        await this.room()
      }
      if (chunks.length > 0) send()
    } finally {
      await Promise.allSettled(parts)
    }
    const stored = await Promise.all(parts)
    this.#options.onRead(0, 1)
    return joined(stored)
  }

  async #allRead(): Promise<void> {
    this.flush()
    while (this.#pendingFiles > 0) await new Promise<void>((resolve) => this.#roomWaiters.push(resolve))
  }

  async #storeChunks(chunks: Uint8Array<ArrayBuffer>[]): Promise<StoredContent> {
    const transfer = chunks.map(({ buffer }) => buffer)
    const [content] = await this.#run({ kind: 'chunks', chunks }, { transfer })
    this.#options.onRead(content!.size, 0)
    return content!
  }

  /** Each window begins as soon as the one before it is scanned, long before that is stored. */
  async #largeFile(file: QueuedFile): Promise<StoredContent> {
    const files = fileList([file])
    const parts: Promise<StoredContent>[] = []
    let offset: number | undefined = 0
    while (offset !== undefined) {
      const window: { stored: Promise<StoredContent>; next: Promise<number | undefined> } = this.#window(files, offset)
      parts.push(window.stored)
      offset = await window.next
      await this.#options.room()
    }
    const stored = await Promise.all(parts)
    this.#options.onRead(0, 1)
    return joined(stored)
  }

  #window(files: FileList, offset: number): { stored: Promise<StoredContent>; next: Promise<number | undefined> } {
    const scanned = Promise.withResolvers<number | undefined>()
    const stored = this.#run(
      { kind: 'window', files, offset },
      {
        first: true,
        onEvent: (event) => {
          if (event.kind === 'scanned') scanned.resolve(event.next)
        },
      },
    ).then(
      ([content]) => {
        this.#options.onRead(content!.size, 0)
        scanned.resolve(undefined)
        return content!
      },
      (error: unknown) => {
        scanned.resolve(undefined)
        throw error
      },
    )
    // Awaited when the whole file is; until then a failure must not count as unhandled.
    stored.catch(() => undefined)
    return { stored, next: scanned.promise }
  }

  async #run(
    task: BackupTask,
    options: { first?: boolean; transfer?: ArrayBuffer[]; onEvent?: (event: BackupEvent) => void } = {},
  ): Promise<StoredContent[]> {
    try {
      this.#options.signal.throwIfAborted()
      const result = await this.#options.pool.run(task, options)
      this.#options.onCounts(result.counts)
      return contentsOf(result)
    } finally {
      this.#wake()
    }
  }

  #wake(): void {
    const waiters = this.#roomWaiters
    this.#roomWaiters = []
    for (const wake of waiters) wake()
  }
}

function fileList(files: readonly QueuedFile[]): FileList {
  const facts = new BigUint64Array(files.length * FACTS_PER_FILE)
  for (const [index, { size, mtimeNs, ctimeNs, inode }] of files.entries()) {
    facts.set([BigInt(size), mtimeNs, ctimeNs, inode], index * FACTS_PER_FILE)
  }
  return { paths: files.map(({ path }) => path).join('\0'), facts, profile: files[0]!.profile }
}

function contentsOf({ ids, sizes, remarks }: BackupResult): StoredContent[] {
  return ids.split(',').map((each, index) => ({ ids: each, size: sizes[index]!, ...remarks.get(index) }))
}

/** Windows and groups of chunks as one content; the first window saw the file's metadata, and any may have failed. */
function joined(parts: readonly StoredContent[]): StoredContent {
  const failed = parts.find((part) => part.error !== undefined)
  if (failed) return failed
  const metadata = parts.findLast((part) => part.metadata !== undefined)?.metadata
  return {
    ids: parts.map(({ ids }) => ids).join(''),
    size: parts.reduce((sum, { size }) => sum + size, 0),
    ...(metadata ? { metadata } : {}),
  }
}
