import { workerData } from 'node:worker_threads'
import { storedFrame } from '../compression/stored-frame.ts'
import { zstd } from '../compression/zstd.ts'
import { Cipher, isSameKey } from '../crypto/cipher.ts'
import { DamagedError } from '../errors.ts'
import { ID_BYTES } from '../ids.ts'
import type { BlobType } from '../pack/blob.ts'
import { type FinishedPack, PackBuilder, scratchOf } from '../pack/pack-builder.ts'
import { release } from '../pack/release.ts'
import { BlobOpener } from './blob-opener.ts'
import type { RepackEvent, RepackResult, RepackTask, RepackWorkerData } from './repack-protocol.ts'
import { flattenError } from './thread-error.ts'
import { type Report, serveTasks, type WorkerLogic } from './worker-main.ts'

/** What restic's default amounts to. */
const LEVEL = 3

/** Proves blobs of old packs and puts them into new ones: one thread of a repack. */
class RepackWorker implements WorkerLogic<RepackTask, RepackResult, never> {
  readonly #report: Report<RepackEvent>
  readonly #opener: BlobOpener
  readonly #builders: Record<BlobType, PackBuilder>
  readonly #sameKey: boolean
  readonly #canCompress: boolean
  readonly #compressesData: boolean
  readonly #zstd = zstd()
  #compressed = Buffer.alloc(0)
  #restored = Buffer.alloc(0)

  constructor(data: RepackWorkerData, report: Report<RepackEvent>) {
    this.#report = report
    this.#opener = new BlobOpener(data.sourceKey)
    const cipher = new Cipher(data.targetKey)
    const options = { targetBytes: data.packSizeBytes, verify: true }
    this.#builders = {
      data: new PackBuilder('data', cipher, options),
      tree: new PackBuilder('tree', cipher, options),
    }
    this.#sameKey = isSameKey(data.sourceKey, data.targetKey)
    this.#canCompress = data.targetVersion === 2
    this.#compressesData = this.#canCompress && data.compression === 'compress'
  }

  run(task: RepackTask): { result: RepackResult } {
    if (task.kind === 'flush') {
      const pack = this.#builders[task.type].finish()
      if (pack) this.#send(pack, 'partial')
      return { result: { failures: [] } }
    }
    const failures: { at: number; error: ReturnType<typeof flattenError> }[] = []
    this.#opener.forEach(
      task,
      (blob, content, stored, unit) => {
        const id = task.ids.subarray(blob * ID_BYTES, (blob + 1) * ID_BYTES)
        const type = task.blobs[blob * 4 + 3] === 1 ? 'tree' : 'data'
        for (const pack of this.#add(type, id, content, stored, unit)) this.#send(pack, 'full')
      },
      (at, error) => failures.push({ at, error: flattenError(error) }),
    )
    release(task.ids, task.blobs)
    return { result: { failures } }
  }

  #add(type: BlobType, id: Uint8Array, content: Buffer, stored: Buffer, unit: Uint8Array): FinishedPack[] {
    const builder = this.#builders[type]
    const isCompressed = stored !== content
    if (isCompressed && !this.#canCompress) return builder.add(id, content, 0)
    const compresses = this.#compressesData || (type === 'tree' && this.#canCompress)
    // Nothing at all cannot be told from something uncompressed (§7).
    if (!isCompressed && compresses && content.length > 0) {
      return builder.add(id, this.#compress(content), content.length)
    }
    const uncompressedLength = isCompressed ? content.length : 0
    if (this.#sameKey) return builder.addSealed(id, unit, uncompressedLength)
    return builder.add(id, stored, uncompressedLength)
  }

  /** What does not become shorter gets a frame all the same, or every prune would try again. */
  #compress(content: Buffer): Buffer {
    this.#compressed = scratchOf(this.#compressed, content.length)
    const length = this.#zstd.compressInto(content, this.#compressed.subarray(0, content.length), LEVEL)
    if (length === 0) return storedFrame(content)
    const compressed = this.#compressed.subarray(0, length)
    this.#restored = scratchOf(this.#restored, content.length)
    const restored = this.#restored.subarray(0, content.length)
    this.#zstd.decompressInto(compressed, restored)
    if (restored.equals(content)) return compressed
    throw new DamagedError('a compressed blob does not decompress to what was compressed', {
      hint: 'nothing wrong was stored; this points at faulty memory or processor: test the machine',
    })
  }

  #send(pack: FinishedPack, fill: RepackEvent['fill']): void {
    const transfer = [pack.content.buffer, pack.ids.buffer, pack.numbers.buffer]
    this.#report({ kind: 'pack', pack, fill }, { transfer })
  }
}

serveTasks<RepackTask, RepackResult, RepackEvent, never>(
  (report) => new RepackWorker(workerData as RepackWorkerData, report),
)
