import type { TreeId } from '../../ids.ts'
import { IdSet } from '../../index/id-set.ts'
import type { Tree } from '../../tree/node.ts'

/** What a tree holds with all that is below it; what occurs twice counts twice, as a restore would write it. */
export interface TreeTotals {
  readonly files: number
  /** As the entries say. */
  readonly bytes: number
  /** Files whose content is not all there, and directories that cannot be listed. */
  readonly incomplete: number
}

const UNREAD = 0
const READ = 1
const REFERRED = 2
const INITIAL_TREES = 1024

/**
 * Which tree lists which. 100 bytes per tree and 4 per directory entry, so that millions of trees can be compared without
 * reading any twice.
 */
export class TreeGraph {
  readonly #ids = new IdSet()
  /** Bits READ and REFERRED. */
  #states = new Uint8Array(INITIAL_TREES)
  /** Where the numbers of a tree's directories begin in {@link TreeGraph.#below}, and how many there are. */
  #starts = new Float64Array(INITIAL_TREES)
  #counts = new Uint32Array(INITIAL_TREES)
  #below = new Uint32Array(INITIAL_TREES)
  #belowLength = 0
  /** Of the tree alone until {@link TreeGraph.totals} has summed up what is below. */
  #files = new Float64Array(INITIAL_TREES)
  #bytes = new Float64Array(INITIAL_TREES)
  #incomplete = new Float64Array(INITIAL_TREES)
  #isSummed = new Uint8Array(INITIAL_TREES)

  /** Takes in what a tree lists. @param isThere whether the content of a file is stored */
  add(id: TreeId, { nodes }: Tree, isThere: (node: Tree['nodes'][number]) => boolean): void {
    const tree = this.#numberOf(id)
    this.#states[tree]! |= READ
    this.#starts[tree] = this.#belowLength
    for (const node of nodes) {
      if (node.type === 'file') {
        this.#files[tree]!++
        this.#bytes[tree]! += node.size ?? 0
        if (!isThere(node)) this.#incomplete[tree]!++
      } else if (node.type === 'dir' && node.subtree !== undefined) {
        const child = this.#numberOf(node.subtree)
        this.#states[child]! |= REFERRED
        this.#pushBelow(child)
      }
    }
    this.#counts[tree] = this.#belowLength - this.#starts[tree]
  }

  /** Something other than a tree refers to it: a snapshot. */
  refer(id: TreeId): void {
    this.#states[this.#numberOf(id)]! |= REFERRED
  }

  /** Trees that were read and that nothing refers to, in ascending order. */
  roots(): TreeId[] {
    const found: TreeId[] = []
    let tree = 0
    for (const id of this.#ids) if (this.#states[tree++] === READ) found.push(id)
    return found.sort()
  }

  totals(id: TreeId): TreeTotals {
    const tree = this.#numberOf(id)
    this.#sum(tree)
    return { files: this.#files[tree]!, bytes: this.#bytes[tree]!, incomplete: this.#incomplete[tree]! }
  }

  /** Without recursion: trees may be nested deeper than the stack is. */
  #sum(root: number): void {
    const path = [{ tree: root, next: 0 }]
    for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
      const { tree } = frame
      if (this.#isSummed[tree]) {
        path.pop()
        continue
      }
      if (frame.next === this.#counts[tree]) {
        this.#addUp(tree)
        path.pop()
        continue
      }
      const child = this.#below[this.#starts[tree]! + frame.next++]!
      if (!this.#isSummed[child]) path.push({ tree: child, next: 0 })
    }
  }

  #addUp(tree: number): void {
    this.#isSummed[tree] = 1
    if (this.#states[tree] === UNREAD || this.#states[tree] === REFERRED) this.#incomplete[tree] = 1
    const start = this.#starts[tree]!
    for (const child of this.#below.subarray(start, start + this.#counts[tree]!)) {
      this.#files[tree]! += this.#files[child]!
      this.#bytes[tree]! += this.#bytes[child]!
      this.#incomplete[tree]! += this.#incomplete[child]!
    }
  }

  #numberOf(id: TreeId): number {
    const tree = this.#ids.numberOf(id)
    if (tree === this.#states.length) this.#growTrees(tree * 2)
    return tree
  }

  #pushBelow(child: number): void {
    if (this.#belowLength === this.#below.length) {
      const larger = new Uint32Array(this.#below.length * 2)
      larger.set(this.#below)
      this.#below = larger
    }
    this.#below[this.#belowLength++] = child
  }

  #growTrees(length: number): void {
    const bytes = (column: Uint8Array<ArrayBuffer>) => copied(column, new Uint8Array(length))
    const numbers = (column: Float64Array<ArrayBuffer>) => copied(column, new Float64Array(length))
    this.#states = bytes(this.#states)
    this.#isSummed = bytes(this.#isSummed)
    this.#counts = copied(this.#counts, new Uint32Array(length))
    this.#starts = numbers(this.#starts)
    this.#files = numbers(this.#files)
    this.#bytes = numbers(this.#bytes)
    this.#incomplete = numbers(this.#incomplete)
  }
}

function copied<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
