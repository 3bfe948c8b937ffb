import { ID_BYTES } from '../../ids.ts'
import type { CompareTask } from '../../workers/restore-protocol.ts'
import { OPENING } from '../../workers/restore-protocol.ts'
import { PART, type RestorePlan } from './plan.ts'

/** Bytes and files of one task; a larger file is compared in several tasks. */
const TASK_BYTES = 64 * 1024 * 1024
const TASK_FILES = 256

/** A task, and which parts of which files it is about. */
export interface PreparedComparison {
  readonly task: CompareTask
  /** Number of the file of each part of the task. */
  readonly files: readonly number[]
  /** Number of the plan's part for each blob of the task. */
  readonly parts: readonly number[]
}

/** The content of files that are to be changed in place: which parts are there already? */
export function comparisonsBefore(plan: RestorePlan): Generator<PreparedComparison> {
  return compareFiles(plan, (file) => plan.files.beginnings[file] === OPENING.existing)
}

/** The content of files once more, from the disk. */
export function comparisonsAfter(
  plan: RestorePlan,
  isWanted: (file: number) => boolean,
): Generator<PreparedComparison> {
  return compareFiles(plan, isWanted)
}

function* compareFiles(plan: RestorePlan, isWanted: (file: number) => boolean): Generator<PreparedComparison> {
  const { files, blobs } = plan
  let batch = new Batch()
  for (let file = 0; file < files.count; file++) {
    if (!isWanted(file)) continue
    let offset = 0
    batch.begin(file, files.positions[file]!, offset)
    for (let part = files.firstParts[file]!; part < files.firstParts[file + 1]!; part++) {
      if (batch.bytes >= TASK_BYTES) {
        yield batch.finish()
        batch = new Batch()
        batch.begin(file, files.positions[file]!, offset)
      }
      const length = files.partLength(part, blobs)
      if (files.state(part) === PART.missing) {
        offset += length
        batch.begin(file, files.positions[file]!, offset)
        continue
      }
      batch.add(part, length, blobs.rawId(files.blob(part)))
      offset += length
    }
    if (batch.fileCount < TASK_FILES && batch.bytes < TASK_BYTES) continue
    yield batch.finish()
    batch = new Batch()
  }
  if (batch.fileCount > 0) yield batch.finish()
}

class Batch {
  readonly #files: number[] = []
  readonly #positions: number[] = []
  readonly #offsets: number[] = []
  readonly #counts: number[] = []
  readonly #parts: number[] = []
  readonly #lengths: number[] = []
  readonly #ids: Uint8Array[] = []
  bytes = 0

  get fileCount(): number {
    return this.#files.length
  }

  begin(file: number, position: number, offset: number): void {
    this.#files.push(file)
    this.#positions.push(position)
    this.#offsets.push(offset)
    this.#counts.push(0)
  }

  add(part: number, length: number, id: Uint8Array): void {
    this.#counts[this.#counts.length - 1]!++
    this.#parts.push(part)
    this.#lengths.push(length)
    this.#ids.push(id)
    this.bytes += length
  }

  finish(): PreparedComparison {
    const ids = new Uint8Array(this.#ids.length * ID_BYTES)
    for (const [at, id] of this.#ids.entries()) ids.set(id, at * ID_BYTES)
    return {
      task: {
        kind: 'compare',
        positions: Float64Array.from(this.#positions),
        offsets: Float64Array.from(this.#offsets),
        counts: Uint32Array.from(this.#counts),
        lengths: Uint32Array.from(this.#lengths),
        ids,
      },
      files: this.#files,
      parts: this.#parts,
    }
  }
}
