import { PART, type RestorePlan } from './plan.ts'

/** Where the content of each needed blob goes: 12 bytes for a use and 8 for a blob, in columns. */
export class BlobUses {
  /** The uses of blob b are those from `first[b]` up to `first[b + 1]`. */
  readonly first: Uint32Array
  readonly files: Uint32Array
  readonly offsets: Float64Array
  /** Numbers of the packs to read, in the order in which the files need them. */
  readonly packs: number[] = []
  readonly #blobsOfPack: { readonly first: Uint32Array; readonly blobs: Uint32Array }

  /** @param isWanted files that can be written to */
  constructor(plan: RestorePlan, isWanted: (file: number) => boolean) {
    const { blobs } = plan
    this.first = new Uint32Array(blobs.count + 1)
    const seenPacks = new Uint8Array(blobs.packCount)
    forEachUse(plan, isWanted, (blob) => {
      this.first[blob + 1]!++
      const pack = blobs.packNumber(blob)
      if (seenPacks[pack] === 0) {
        seenPacks[pack] = 1
        this.packs.push(pack)
      }
    })
    for (let blob = 0; blob < blobs.count; blob++) this.first[blob + 1]! += this.first[blob]!
    const count = this.first[blobs.count]!
    this.files = new Uint32Array(count)
    this.offsets = new Float64Array(count)
    const next = this.first.slice()
    forEachUse(plan, isWanted, (blob, file, offset) => {
      const use = next[blob]!++
      this.files[use] = file
      this.offsets[use] = offset
    })
    this.#blobsOfPack = groupByPack(plan, this.first)
  }

  /** The blobs of a pack that are needed, by offset. */
  blobsOf(plan: RestorePlan, pack: number): Uint32Array {
    const { first, blobs } = this.#blobsOfPack
    return blobs
      .subarray(first[pack], first[pack + 1])
      .slice()
      .sort((a, b) => plan.blobs.offset(a) - plan.blobs.offset(b))
  }
}

function forEachUse(
  { files, blobs }: RestorePlan,
  isWanted: (file: number) => boolean,
  callback: (blob: number, file: number, offset: number) => void,
): void {
  for (let file = 0; file < files.count; file++) {
    if (!isWanted(file)) continue
    let offset = 0
    for (let part = files.firstParts[file]!; part < files.firstParts[file + 1]!; part++) {
      if (files.state(part) === PART.needed) callback(files.blob(part), file, offset)
      offset += files.partLength(part, blobs)
    }
  }
}

function groupByPack({ blobs }: RestorePlan, firstUses: Uint32Array): { first: Uint32Array; blobs: Uint32Array } {
  const first = new Uint32Array(blobs.packCount + 1)
  const isUsed = (blob: number) => firstUses[blob + 1]! > firstUses[blob]!
  for (let blob = 0; blob < blobs.count; blob++) if (isUsed(blob)) first[blobs.packNumber(blob) + 1]!++
  for (let pack = 0; pack < blobs.packCount; pack++) first[pack + 1]! += first[pack]!
  const grouped = new Uint32Array(first[blobs.packCount]!)
  const next = first.slice()
  for (let blob = 0; blob < blobs.count; blob++) if (isUsed(blob)) grouped[next[blobs.packNumber(blob)]!++] = blob
  return { first, blobs: grouped }
}
