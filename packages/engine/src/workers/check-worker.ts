import { closeSync, openSync, readSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { Cipher } from '../crypto/cipher.ts'
import { ID_BYTES, idFromBytes } from '../ids.ts'
import type { PackedBlob } from '../pack/blob.ts'
import { PackVerifier } from '../pack/verify-pack.ts'
import { type CheckResult, type CheckTask, type CheckWorkerData, NUMBERS_PER_CHECKED_BLOB } from './check-protocol.ts'
import { serveTasks, type WorkerLogic } from './worker-main.ts'

/** Reads packs, or takes them as read, and proves them: one thread of a check. */
class CheckWorker implements WorkerLogic<CheckTask, CheckResult, never> {
  readonly #verifier: PackVerifier
  #buffer = Buffer.alloc(0)

  constructor({ masterKey }: CheckWorkerData) {
    this.#verifier = new PackVerifier(new Cipher(masterKey))
  }

  run({ pack, size, source, ids, numbers }: CheckTask): { result: CheckResult } {
    let content: Uint8Array
    try {
      content = 'content' in source ? source.content : this.#read(source.path, size)
    } catch (error) {
      // A disk that cannot give the pack back is what a check is there to find.
      const { message, code } = error as NodeJS.ErrnoException
      const damagedBlobs = Array.from({ length: ids.length / ID_BYTES }, (_, at) => at)
      return { result: { problems: [message], damagedBlobs, bytesRead: 0, isRefused: code !== 'ENOENT' } }
    }
    const verdict = this.#verifier.verify(pack, content, blobsOf(ids, numbers))
    return { result: { ...verdict, bytesRead: content.length } }
  }

  #read(path: string, size: number): Buffer {
    if (this.#buffer.length < size) this.#buffer = Buffer.allocUnsafeSlow(size + (size >> 2))
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

function blobsOf(ids: Uint8Array, numbers: Uint32Array): PackedBlob[] {
  return Array.from({ length: ids.length / ID_BYTES }, (_, at) => {
    const [offset, length, uncompressedLength, isTree] = numbers.subarray(at * NUMBERS_PER_CHECKED_BLOB)
    return {
      type: isTree === 1 ? 'tree' : 'data',
      id: idFromBytes(ids, at * ID_BYTES),
      offset: offset!,
      length: length!,
      uncompressedLength: uncompressedLength!,
    }
  })
}

serveTasks<CheckTask, CheckResult, never, never>(() => new CheckWorker(workerData as CheckWorkerData))
