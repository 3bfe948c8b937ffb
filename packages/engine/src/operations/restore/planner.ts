import type { BigIntStats } from 'node:fs'
import { DamagedError, InvalidInputError, KnownError } from '../../errors.ts'
import type { SelectForRestore } from '../../filter/restore-selection.ts'
import type { TreeId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import { isSystemError } from '../../native/system-call-error.ts'
import type { Repository } from '../../repository/repository.ts'
import { isSafeName } from '../../tree/decode.ts'
import type { Node } from '../../tree/node.ts'
import { OPENING } from '../../workers/restore-protocol.ts'
import { encodeRecord } from '../../workers/restore/record.ts'
import { Pace } from '../pace.ts'
import { TreeAhead } from '../tree-ahead.ts'
import type { FoundPath } from '../tree-path.ts'
import { beginningOf, isSameEntry, lookUp, mayOverwrite, namesIn } from './existing.ts'
import { type Beginning, NO_BLOB, PART, type PlannedDirectory, type RestorePlan, TRUSTED } from './plan.ts'
import type { OverwriteMode, RestoreItem, RestoreWarning } from './report.ts'

export interface PlannerOptions {
  /** Absolute byte string without a slash at its end; empty for `/`. */
  readonly target: string
  readonly targetExists: boolean
  readonly select: SelectForRestore
  readonly overwrite: OverwriteMode
  readonly delete: boolean
  readonly sparse: boolean
  readonly signal: AbortSignal | undefined
  readonly onWarning: (warning: RestoreWarning) => void
  readonly onItem: ((item: RestoreItem) => void) | undefined
}

/** 512 KiB of zeros: what a hole is cut into (§10). */
const ZERO_CHUNK = '07854d2fef297a06ba81685e660c332de36d5d18d546927d30daad6d7fda1541'

/** The parts of a file's content. */
interface Content {
  /** Numbers in the plan; undefined for a part that is in no index. */
  readonly blobs: readonly (number | undefined)[]
  readonly size: number
  readonly missing: number
  /** Bytes of each missing part, guessed from the size of the file. */
  readonly strayLength: number
}

/** A directory whose listing is still to be read. */
interface Waiting {
  readonly directory: PlannedDirectory
  readonly node: Node | undefined
  readonly tree: TreeId
}

/** Finds out what a restore has to do: reads listings, and looks at what is in the target. Changes nothing. */
export class RestorePlanner {
  readonly #repository: Repository
  readonly #plan: RestorePlan
  readonly #options: PlannerOptions
  readonly #pace = new Pace()
  readonly #originals = new Map<string, number>()
  /** Last in, first out, so that the order is that of the snapshot's paths. */
  readonly #waiting: Waiting[] = []
  readonly #index: BlobIndex

  constructor(repository: Repository, plan: RestorePlan, options: PlannerOptions) {
    this.#repository = repository
    this.#plan = plan
    this.#options = options
    this.#index = repository.index
  }

  async plan(found: FoundPath): Promise<void> {
    const root = this.#root(found)
    if (found.tree === undefined) {
      await this.#planNodes(root, [found.node!])
      return
    }
    const trees = new TreeAhead(this.#repository, this.#options.signal)
    this.#waiting.push({ directory: root, node: undefined, tree: found.tree })
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      this.#options.signal?.throwIfAborted()
      await this.#planDirectory(trees, next)
    }
  }

  /** The target has no node: what it is like is up to its owner. */
  #root({ node }: FoundPath): PlannedDirectory {
    const record = encodeRecord(node ?? NO_NODE, '', 0, undefined)
    const root: PlannedDirectory = {
      position: this.#plan.records.append(record),
      location: '',
      parent: undefined,
      state: this.#options.targetExists ? 'present' : 'absent',
      isWanted: false,
    }
    this.#plan.directories.push(root)
    return root
  }

  async #planDirectory(trees: TreeAhead, { directory, tree }: Waiting): Promise<void> {
    let nodes: readonly Node[]
    try {
      nodes = (await trees.read(tree)).nodes
    } catch (error) {
      this.#options.signal?.throwIfAborted()
      if (!(error instanceof KnownError)) throw error
      this.#problem(directory.location, error)
      return
    }
    const first = this.#waiting.length
    const allNamesKnown = await this.#planNodes(directory, nodes)
    const below = this.#waiting.splice(first)
    for (const next of below.toReversed()) this.#waiting.push(next)
    trees.readAhead(
      below.map(({ node }) => node!),
      0,
    )
    if (this.#options.delete && allNamesKnown) this.#findSurplus(directory, nodes)
  }

  /** @returns whether the names are all that the directory should have */
  async #planNodes(directory: PlannedDirectory, nodes: readonly Node[]): Promise<boolean> {
    const names = new Set<string>()
    let allNamesKnown = true
    for (const node of nodes) {
      if (this.#pace.isTired) await this.#pace.rest()
      const location = `${directory.location}/${node.name}`
      if (!isSafeName(node.name)) {
        allNamesKnown = false
        this.#problem(location, new DamagedError(`${JSON.stringify(node.name)} is not the name of a file`, HOSTILE))
        continue
      }
      if (names.has(node.name)) {
        this.#options.onWarning({ path: location, message: 'the snapshot has this name twice; the first is restored' })
        continue
      }
      names.add(node.name)
      try {
        this.#planNode(directory, location, node)
      } catch (error) {
        if (!isSystemError(error) && !(error instanceof KnownError)) throw error
        this.#problem(location, error)
      }
    }
    return allNamesKnown
  }

  #planNode(directory: PlannedDirectory, location: string, node: Node): void {
    if (node.type === 'socket') return
    const { selected, childMayBeSelected } = this.#options.select(location, node.type === 'dir')
    if (node.type === 'dir') {
      if (selected || childMayBeSelected)
        this.#planSubdirectory(directory, location, node, selected, childMayBeSelected)
      return
    }
    if (!selected) return
    if (node.type === 'irregular') {
      throw new DamagedError('the snapshot does not say what kind of entry this is', {
        hint: 'it cannot be restored; the others are',
      })
    }
    want(directory)
    const found = directory.state === 'present' ? lookUp(this.#path(location)) : undefined
    if (found && !mayOverwrite(this.#options.overwrite, node, found)) {
      this.#skip(location, node)
      return
    }
    const link = linkKey(node)
    const original = link === undefined ? undefined : this.#originals.get(link)
    if (original !== undefined) {
      this.#plan.links.push({ position: this.#addRecord(directory, node, 0), original })
      return
    }
    const content = this.#contentOf(node)
    const position = this.#addRecord(directory, node, content.size)
    if (link !== undefined) this.#originals.set(link, position)
    if (node.type === 'file') {
      const beginning = found ? beginningOf(this.#options.overwrite, node, found) : OPENING.create
      const file = this.#planFile(location, node, content, position, beginning)
      if (found?.isFile() && found.nlink > 1n) this.#plan.sharedFiles.add(file)
      this.#plan.growthBytes += growthOf(beginning, content.size, found)
    } else if (found && isSameEntry(node, this.#path(location), found)) this.#plan.keptEntries.push(position)
    else {
      this.#plan.entries.push(position)
      this.#plan.entryOpenings.push(found ? OPENING.replace : OPENING.create)
    }
  }

  #planSubdirectory(
    parent: PlannedDirectory,
    location: string,
    node: Node,
    selected: boolean,
    childMayBeSelected: boolean,
  ): void {
    const found = parent.state === 'present' ? lookUp(this.#path(location)) : undefined
    const state = found === undefined ? 'absent' : found.isDirectory() ? 'present' : 'obstructed'
    if (state === 'obstructed' && this.#options.overwrite === 'never') {
      throw new InvalidInputError('something else is where the directory must be, and nothing may be overwritten', {
        hint: 'nothing in the directory was restored; move what is there away, or allow overwriting',
      })
    }
    const directory: PlannedDirectory = {
      position: this.#plan.records.append(encodeRecord(node, location, 0, undefined)),
      location,
      parent,
      state,
      isWanted: false,
    }
    this.#plan.directories.push(directory)
    if (selected) want(directory)
    if (node.subtree === undefined) {
      throw new DamagedError('the snapshot does not say what is in this directory', {
        hint: 'run `hikae check` to see what else is damaged',
      })
    }
    if (childMayBeSelected) this.#waiting.push({ directory, node, tree: node.subtree })
  }

  /** Adds the file's content to the plan: what is in no index is reported, and left out of the file. */
  #planFile(location: string, node: Node, content: Content, position: number, beginning: Beginning): number {
    const { files } = this.#plan
    const isHollow = this.#options.sparse && (beginning === OPENING.create || beginning === OPENING.replace)
    for (const [part, blob] of content.blobs.entries()) {
      if (blob === undefined) files.addPart(NO_BLOB, PART.missing, content.strayLength)
      else if (beginning === TRUSTED) files.addPart(blob, PART.present)
      else files.addPart(blob, isHollow && node.content![part] === ZERO_CHUNK ? PART.hole : PART.needed)
    }
    const file = files.add(position, beginning)
    this.#plan.bytesTotal += content.size
    if (content.missing > 0) {
      const what = `${content.missing} of the ${content.blobs.length} parts of its content are in no index`
      this.#problem(location, new DamagedError(what, MISSING))
    } else if (content.size !== (node.size ?? 0)) {
      this.#options.onWarning({
        path: location,
        message: `the snapshot says ${node.size ?? 0} bytes, but the content has ${content.size}: these are restored`,
      })
    }
    return file
  }

  #contentOf(node: Node): Content {
    const blobs = (node.content ?? []).map((id) => this.#plan.blobs.add(id, this.#index))
    let size = 0
    let missing = 0
    for (const blob of blobs) {
      if (blob === undefined) missing++
      else size += this.#plan.blobs.plainLength(blob)
    }
    if (missing === 0) return { blobs, size, missing, strayLength: 0 }
    const strayLength = Math.max(0, Math.floor(((node.size ?? 0) - size) / missing))
    return { blobs, size: size + strayLength * missing, missing, strayLength }
  }

  #addRecord(directory: PlannedDirectory, node: Node, size: number): number {
    return this.#plan.records.append(encodeRecord(node, node.name, size, directory.position))
  }

  #skip(location: string, { size = 0 }: Node): void {
    this.#plan.filesSkipped++
    this.#plan.bytesSkipped += size
    this.#options.onItem?.({ action: 'skipped', path: location, size })
  }

  #findSurplus(directory: PlannedDirectory, nodes: readonly Node[]): void {
    if (directory.state !== 'present') return
    const kept = new Set(nodes.map(({ name }) => name))
    for (const { name, isDirectory } of this.#namesIn(directory)) {
      if (kept.has(name)) continue
      const location = `${directory.location}/${name}`
      const { selected, childMayBeSelected } = this.#options.select(location, isDirectory)
      if (selected || childMayBeSelected) this.#plan.surplus.push({ location, directory })
    }
  }

  #namesIn({ location }: PlannedDirectory): { name: string; isDirectory: boolean }[] {
    try {
      return namesIn(this.#path(location))
    } catch (error) {
      if (!isSystemError(error)) throw error
      this.#problem(location, error)
      return []
    }
  }

  #path(location: string): string {
    return this.#options.target + location
  }

  #problem(location: string, error: Error): void {
    this.#plan.problems.push({ path: location === '' ? '/' : location, error })
  }
}

const MISSING = { hint: 'the rest of the file is restored; run `hikae check` to see what else is missing' }
const HOSTILE = { hint: 'the snapshot was made by a faulty or hostile program; the entry was left out' }

const NO_NODE: Omit<Node, 'name' | 'content' | 'ctime'> = { type: 'dir', mode: 0, mtime: '', atime: '', uid: 0, gid: 0 }

function want(directory: PlannedDirectory): void {
  for (let at: PlannedDirectory | undefined = directory; at && !at.isWanted; at = at.parent) at.isWanted = true
}

/** What is freed only when the last name of a file goes does not count. */
function growthOf(beginning: Beginning, size: number, found: BigIntStats | undefined): number {
  if (beginning === TRUSTED) return 0
  if (beginning === OPENING.existing) return Math.max(0, size - Number(found!.size))
  return found?.isFile() && found.nlink === 1n ? size - Number(found.blocks) * 512 : size
}

/** The same for all names of one file, and for nothing else. */
function linkKey({ type, links, inode, deviceId }: Node): string | undefined {
  if (type === 'fifo' || (links ?? 0n) < 2n || inode === undefined) return undefined
  return `${inode}:${deviceId ?? 0n}`
}
