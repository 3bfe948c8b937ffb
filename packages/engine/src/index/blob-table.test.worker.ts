import { parentPort, workerData } from 'node:worker_threads'
import { sha256 } from '../crypto/hash.ts'
import { BlobTable } from './blob-table.ts'
import { wordsOfBytes } from './raw-id.ts'

export interface ClaimingWork {
  readonly segments: readonly SharedArrayBuffer[]
  /** Blobs `first` to `last - 1`, each claimed once, in an order of this thread's own. */
  readonly first: number
  readonly last: number
  readonly step: number
  readonly mask: number
  /** All threads wait here for each other. */
  readonly gate: SharedArrayBuffer
  readonly threads: number
}

const { segments, first, last, step, mask, gate, threads } = workerData as ClaimingWork
const table = BlobTable.attach(segments)
const waiting = new Int32Array(gate)
const count = last - first
const ids = Array.from({ length: count }, (_, at) => sha256(Buffer.from(`blob ${first + ((at * step) % count)}`)))

if (Atomics.add(waiting, 0, 1) + 1 === threads) Atomics.store(waiting, 1, 1)
Atomics.notify(waiting, 1)
Atomics.wait(waiting, 1, 0)

const won: number[] = []
for (const [at, id] of ids.entries()) {
  if (table.claim('data', wordsOfBytes(id), mask) !== 0) won.push(first + ((at * step) % count))
}
const port = parentPort!
port.postMessage(won)
