import { closeSync, symlinkSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { applyMetadata, applyMetadataToFile, type MetadataWarning } from '../filesystem/apply-metadata.ts'
import { pathBytes } from '../filesystem/byte-path.ts'
import { createSpecial } from '../filesystem/create-special.ts'
import { setTimesOfDescriptor } from '../filesystem/times.ts'
import {
  type BlobsTask,
  FINISH,
  type Finish,
  OPENING,
  type Opening,
  type RestoreComplaint,
  type RestoreFailure,
  type RestoreNotice,
  type RestoreResult,
  type RestoreTask,
  type RestoreWorkerData,
  WHOLE_FILE,
} from './restore-protocol.ts'
import {
  OpenFiles,
  openForReading,
  openForWriting,
  removeObstacle,
  setLength,
  writeFully,
  writeSparsely,
} from './restore/output-files.ts'
import { PartComparer } from './restore/part-comparer.ts'
import { type EntryRecord, locationOf, readRecord } from './restore/record.ts'
import { RecordMemory } from './restore/record-memory.ts'
import { BlobOpener } from './blob-opener.ts'
import { flattenError } from './thread-error.ts'
import { serveTasks, type WorkerLogic } from './worker-main.ts'

/** Makes files and other entries and gives them their content and metadata: one thread of a restore. */
class RestoreWorker implements WorkerLogic<RestoreTask, RestoreResult, RestoreNotice> {
  readonly #data: RestoreWorkerData
  readonly #records = new RecordMemory()
  readonly #blobs: BlobOpener
  readonly #comparer = new PartComparer()
  readonly #openFiles = new OpenFiles()
  #failures: RestoreFailure[] = []
  #complaints: RestoreComplaint[] = []

  constructor(data: RestoreWorkerData) {
    this.#data = data
    this.#blobs = new BlobOpener(data.masterKey)
  }

  notice({ segment }: RestoreNotice): void {
    this.#records.attach(segment)
  }

  run(task: RestoreTask): { result: RestoreResult } {
    this.#failures = []
    this.#complaints = []
    const compared = this.#perform(task)
    return { result: { failures: this.#failures, complaints: this.#complaints, ...compared } }
  }

  #perform(task: RestoreTask): { matches: Uint8Array; sizes: Float64Array } | undefined {
    switch (task.kind) {
      case 'blobs':
        this.#writeBlobs(task)
        return undefined
      case 'compare':
        return this.#comparer.compare(
          task,
          (position) => this.#path(position),
          (part, error) => this.#fail('entry', part, error),
        )
      case 'entries':
        this.#forEachEntry(task.positions, (position, at) => this.#makeEntry(position, task.how[at]! as Opening))
        return undefined
      case 'finish':
        this.#forEachEntry(task.positions, (position, at) => this.#finishFile(position, task.how[at]! as Finish))
        return undefined
      case 'metadata':
        this.#forEachEntry(task.positions, (position) => this.#applyToPath(position, this.#record(position)))
        return undefined
    }
  }

  #forEachEntry(positions: Float64Array, make: (position: number, at: number) => void): void {
    for (const [at, position] of positions.entries()) {
      this.#attempt(at, () => make(position, at))
    }
  }

  #attempt(at: number, action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#fail('entry', at, error)
    }
  }

  #fail(of: RestoreFailure['of'], at: number, error: unknown): void {
    this.#failures.push({ of, at, error: flattenError(error) })
  }

  #path(position: number): string {
    return this.#data.target + locationOf(this.#records, position)
  }

  #record(position: number): EntryRecord {
    return readRecord(this.#records, position)
  }

  #writeBlobs(task: BlobsTask): void {
    const firstUses = firstUsesOf(task.blobs)
    this.#blobs.forEach(
      task,
      (blob, content) => {
        for (let use = firstUses[blob]!; use < firstUses[blob + 1]!; use++) {
          this.#attempt(use, () => this.#writeUse(task, use, content))
        }
      },
      (blob, error) => this.#fail('blob', blob, error),
    )
  }

  #writeUse(task: BlobsTask, use: number, content: Buffer): void {
    const position = task.uses[2 * use]!
    const offset = task.uses[2 * use + 1]!
    const how = task.how[use]!
    if ((how & WHOLE_FILE) !== 0) {
      this.#writeWholeFile(position, (how & ~WHOLE_FILE) as Opening, content, offset)
      return
    }
    const descriptor = this.#openFiles.get(position, () => this.#path(position))
    if (this.#data.sparse) writeSparsely(descriptor, content, offset, how === OPENING.create)
    else writeFully(descriptor, content, offset)
  }

  #writeWholeFile(position: number, opening: Opening, content: Buffer, offset: number): void {
    const path = this.#path(position)
    const record = this.#record(position)
    const isNew = opening !== OPENING.existing
    const descriptor = openForWriting(path, opening)
    try {
      if (this.#data.sparse) writeSparsely(descriptor, content, offset, isNew)
      else writeFully(descriptor, content, offset)
      if (!isNew || this.#data.sparse) setLength(descriptor, record.size)
      this.#applyToFile(descriptor, path, position, record)
    } finally {
      closeSync(descriptor)
    }
  }

  #finishFile(position: number, how: Finish): void {
    this.#openFiles.close(position)
    const path = this.#path(position)
    const record = this.#record(position)
    const descriptor = how === FINISH.metadata ? openForReading(path) : openForWriting(path, OPENING.existing)
    try {
      if (how !== FINISH.metadata) setLength(descriptor, record.size)
      this.#applyToFile(descriptor, path, position, record)
      if (how === FINISH.damaged) setTimesOfDescriptor(descriptor, { atimeNs: 0n, mtimeNs: 0n })
    } finally {
      closeSync(descriptor)
    }
  }

  #makeEntry(position: number, opening: Opening): void {
    const path = this.#path(position)
    const record = this.#record(position)
    switch (record.type) {
      case 'file': {
        const descriptor = openForWriting(path, opening)
        try {
          this.#applyToFile(descriptor, path, position, record)
        } finally {
          closeSync(descriptor)
        }
        return
      }
      case 'symlink':
        if (opening === OPENING.replace) removeObstacle(path)
        symlinkSync(pathBytes(record.linkTarget), pathBytes(path))
        break
      case 'fifo':
      case 'dev':
      case 'chardev':
        if (opening === OPENING.replace) removeObstacle(path)
        createSpecial(path, record.type, record.device)
        break
      case 'dir':
      case 'socket':
      case 'irregular':
        throw new Error(`a ${record.type} is not made here`)
    }
    this.#applyToPath(position, record)
  }

  #applyToPath(position: number, record: EntryRecord): void {
    applyMetadata(this.#path(position), record, this.#applyOptions(position))
  }

  #applyToFile(descriptor: number, path: string, position: number, record: EntryRecord): void {
    applyMetadataToFile(descriptor, path, record, this.#applyOptions(position))
  }

  #applyOptions(position: number) {
    return {
      privileged: this.#data.privileged,
      onWarning: ({ part, error }: MetadataWarning) => {
        this.#complaints.push({ position, part, error: flattenError(error) })
      },
    }
  }
}

function firstUsesOf(blobs: Uint32Array): Uint32Array {
  const first = new Uint32Array(blobs.length / 4 + 1)
  for (let blob = 0; blob < first.length - 1; blob++) first[blob + 1] = first[blob]! + blobs[4 * blob + 3]!
  return first
}

serveTasks<RestoreTask, RestoreResult, never, RestoreNotice>(() => new RestoreWorker(workerData as RestoreWorkerData))
