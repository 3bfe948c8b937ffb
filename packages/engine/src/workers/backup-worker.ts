import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { CHUNK_PROFILES } from '../chunker/profile.ts'
import { createScanner, type Scanner } from '../chunker/scanner.ts'
import type { ChunkProfileName } from '../entry.ts'
import { BlobTable } from '../index/blob-table.ts'
import { BlobStorer } from '../pack/blob-storer.ts'
import {
  type BackupEvent,
  type BackupNotice,
  type BackupResult,
  type BackupTask,
  type BackupWorkerData,
  type ChangedMetadata,
  type ContentRemarks,
  FACTS_PER_FILE,
  type StoredContent,
  WINDOW_BYTES,
} from './backup-protocol.ts'
import { flattenError } from './thread-error.ts'
import { type Report, serveTasks, type WorkerLogic } from './worker-main.ts'

/** Reads files, cuts them into chunks, and stores what is new: one thread of a backup. */
class BackupWorker implements WorkerLogic<BackupTask, BackupResult, BackupNotice> {
  readonly #report: Report<BackupEvent>
  readonly #table: BlobTable
  readonly #scanner: Scanner
  readonly #storer: BlobStorer

  constructor(data: BackupWorkerData, report: Report<BackupEvent>) {
    this.#report = report
    this.#table = BlobTable.attach(data.table)
    this.#scanner = createScanner(data.polynomial, WINDOW_BYTES)
    this.#storer = new BlobStorer('data', this.#table, data.repositories, data.storer, (repository, pack, fill) => {
      report(
        { kind: 'pack', repository, pack, fill },
        { transfer: [pack.content.buffer, pack.ids.buffer, pack.numbers.buffer] },
      )
    })
  }

  notice(notice: BackupNotice): void {
    switch (notice.kind) {
      case 'segment':
        this.#table.attachSegment(notice.segment)
        return
      case 'drop':
        this.#storer.drop(notice.repository)
        return
      case 'recycle':
        this.#storer.recycle(notice.repository, notice.memory)
    }
  }

  run(task: BackupTask): { result: BackupResult } {
    const contents = this.#contents(task)
    const remarks = new Map<number, ContentRemarks>()
    for (const [position, { ids: _ids, size: _size, ...remark }] of contents.entries()) {
      if (remark.error ?? remark.metadata) remarks.set(position, remark)
    }
    const ids = contents.map((content) => content.ids).join(',')
    const sizes = Float64Array.from(contents, ({ size }) => size)
    return { result: { ids, sizes, remarks, counts: this.#storer.takeCounts() } }
  }

  #contents(task: BackupTask): StoredContent[] {
    switch (task.kind) {
      case 'files':
        return task.files.paths
          .split('\0')
          .map((path, file) =>
            withOpenFile(path, task.files.facts.subarray(file * FACTS_PER_FILE), (fd) =>
              this.#storeFile(fd, task.files.profile),
            ),
          )
      case 'window':
        return [
          withOpenFile(task.files.paths, task.files.facts, (fd) =>
            this.#storeWindow(fd, task.files.profile, task.offset),
          ),
        ]
      case 'chunks':
        return [this.#storeChunks(task.chunks)]
      case 'flush':
        this.#storer.flush()
        return []
    }
  }

  /** To the end of the file, whatever size it had when it was listed. */
  #storeFile(fd: number, profile: ChunkProfileName): { ids: string; size: number } {
    const { buffer } = this.#scanner
    let ids = ''
    let size = 0
    let filled = 0
    for (let isLast = false; !isLast;) {
      const read = readFully(fd, buffer.subarray(filled), size)
      size += read
      filled += read
      isLast = filled < buffer.length
      const { stored, end } = this.#storeChunksOf(profile, filled, isLast)
      ids += stored
      buffer.copyWithin(0, end, filled)
      filled -= end
    }
    return { ids, size }
  }

  /** The next thread may go on behind the last whole chunk as soon as that is known, before anything is stored. */
  #storeWindow(fd: number, profile: ChunkProfileName, offset: number): { ids: string; size: number } {
    const { buffer } = this.#scanner
    const filled = readFully(fd, buffer, offset)
    const isLast = filled < buffer.length
    const cuts: number[] = []
    const end = this.#scanner.cutAll(CHUNK_PROFILES[profile], 0, filled, isLast, cuts)
    this.#report({ kind: 'scanned', next: isLast ? undefined : offset + end }, { ofTask: true })
    return { ids: this.#storeCuts(cuts), size: end }
  }

  #storeChunks(chunks: readonly Uint8Array[]): StoredContent {
    let ids = ''
    let size = 0
    for (const chunk of chunks) {
      ids += this.#storer.store(chunk).toString('hex')
      size += chunk.length
    }
    return { ids, size }
  }

  #storeChunksOf(profile: ChunkProfileName, filled: number, isLast: boolean): { stored: string; end: number } {
    const cuts: number[] = []
    const end = this.#scanner.cutAll(CHUNK_PROFILES[profile], 0, filled, isLast, cuts)
    return { stored: this.#storeCuts(cuts), end }
  }

  #storeCuts(cuts: readonly number[]): string {
    let ids = ''
    let start = 0
    for (const cut of cuts) {
      ids += this.#storer.store(this.#scanner.buffer.subarray(start, cut)).toString('hex')
      start = cut
    }
    return ids
  }
}

/** Reads until `target` is full or the file ends. */
function readFully(fd: number, target: Buffer, position: number): number {
  let filled = 0
  while (filled < target.length) {
    const read = readSync(fd, target, filled, target.length - filled, position + filled)
    if (read === 0) break
    filled += read
  }
  return filled
}

/** O_NOATIME is only allowed to the owner; without it the access time changes, which harms nobody. */
function openForReading(path: Buffer): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    return openSync(path, flags | constants.O_NOATIME)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    return openSync(path, flags)
  }
}

/** Trouble with the file becomes its outcome; trouble with what was read is a failure of the whole backup. */
function withOpenFile(
  path: string,
  facts: BigUint64Array,
  store: (fd: number) => { ids: string; size: number },
): StoredContent {
  let fd: number
  try {
    fd = openForReading(Buffer.from(path, 'latin1'))
  } catch (error) {
    return { ids: '', size: 0, error: flattenError(error) }
  }
  try {
    const stat = fstatSync(fd, { bigint: true })
    if (!stat.isFile()) throw Object.assign(new Error('it is no regular file any more'), { code: 'NOT_A_FILE' })
    const metadata = isExpected(stat, facts) ? {} : { metadata: metadataOf(stat) }
    return { ...store(fd), ...metadata }
  } catch (error) {
    if (isReadError(error)) return { ids: '', size: 0, error: flattenError(error) }
    throw error
  } finally {
    closeSync(fd)
  }
}

function isReadError(error: unknown): boolean {
  const { code, syscall } = error as { code?: string; syscall?: string }
  return code === 'NOT_A_FILE' || syscall === 'read' || syscall === 'fstat'
}

interface BigStat {
  mode: bigint
  uid: bigint
  gid: bigint
  size: bigint
  mtimeNs: bigint
  atimeNs: bigint
  ctimeNs: bigint
  ino: bigint
  dev: bigint
  nlink: bigint
}

function isExpected(stat: BigStat, facts: BigUint64Array): boolean {
  return (
    stat.size === facts[0] &&
    BigInt.asUintN(64, stat.mtimeNs) === facts[1] &&
    BigInt.asUintN(64, stat.ctimeNs) === facts[2] &&
    stat.ino === facts[3]
  )
}

function metadataOf(stat: BigStat): ChangedMetadata {
  return {
    mode: Number(stat.mode),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtimeNs: stat.mtimeNs,
    atimeNs: stat.atimeNs,
    ctimeNs: stat.ctimeNs,
    inode: stat.ino,
    deviceId: stat.dev,
    links: stat.nlink,
  }
}

serveTasks<BackupTask, BackupResult, BackupEvent, BackupNotice>(
  (report) => new BackupWorker(workerData as BackupWorkerData, report),
)
