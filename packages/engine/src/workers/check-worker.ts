import { closeSync, openSync, readSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { Cipher } from '../crypto/cipher.ts'
import { blobsInColumns } from '../pack/blob-columns.ts'
import { release } from '../pack/release.ts'
import { PackVerifier } from '../pack/verify-pack.ts'
import type { CheckResult, CheckTask, CheckWorkerData } from './check-protocol.ts'
import { serveTasks, type WorkerLogic } from './worker-main.ts'

/** Packs are about as large as each other: room for one that is a little larger than the first. */
const SPARE_BYTES = 1024 * 1024

/** Reads packs, or takes them as read, and proves them: one thread of a check. */
class CheckWorker implements WorkerLogic<CheckTask, CheckResult, never> {
  readonly #verifier: PackVerifier
  #buffer = Buffer.alloc(0)

  constructor({ masterKey }: CheckWorkerData) {
    this.#verifier = new PackVerifier(new Cipher(masterKey))
  }

  run({ pack, size, source, blobs }: CheckTask): { result: CheckResult } {
    let content: Uint8Array
    try {
      content = 'content' in source ? source.content : this.#read(source.path, size)
    } catch (error) {
      // A disk that cannot give the pack back is what a check is there to find.
      const { message, code } = error as NodeJS.ErrnoException
      const damagedBlobs = Array.from({ length: blobsInColumns(blobs) }, (_, at) => at)
      return { result: { problems: [message], damagedBlobs, bytesRead: 0, isRefused: code !== 'ENOENT' } }
    }
    const verdict = this.#verifier.verify(pack, content, blobs)
    release(blobs.ids, blobs.numbers)
    return { result: { ...verdict, bytesRead: content.length } }
  }

  #read(path: string, size: number): Buffer {
    if (this.#buffer.length < size) this.#buffer = Buffer.allocUnsafeSlow(size + SPARE_BYTES)
    const fd = openSync(path, 'r')
    try {
      let filled = 0
      while (filled < size) {
        const read = readSync(fd, this.#buffer, filled, size - filled, filled)
        if (read === 0) break
        filled += read
      }
      return this.#buffer.subarray(0, filled)
    } finally {
      closeSync(fd)
    }
  }
}

serveTasks<CheckTask, CheckResult, never, never>(() => new CheckWorker(workerData as CheckWorkerData))
