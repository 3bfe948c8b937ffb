import type { FoundEntry, FoundObject, Repository, StoredSnapshot } from '@hikae/engine'
import { formatTime } from './format.ts'
import { foundNodeJson, nodeLine, type NodeLineOptions } from './node.ts'
import type { Output } from './output.ts'
import { jsonPath, jsonText, printablePath } from './printable.ts'
import { shortId } from './snapshot.ts'

export interface FindPrinterOptions extends NodeLineOptions {
  readonly showPackId: boolean
  /** Knows in which packs blobs lie. */
  readonly index: Pick<Repository['index'], 'find'>
}

/** Prints matches as they are found, files under the snapshot they are in; with `--json` one array, as restic does. */
export class FindPrinter {
  readonly #out: Output
  readonly #options: FindPrinterOptions
  #snapshot: StoredSnapshot | undefined
  #nodes: object[] = []
  #isFirst = true

  constructor(out: Output, options: FindPrinterOptions) {
    this.#out = out
    this.#options = options
  }

  printEntry({ snapshot, path, node }: FoundEntry): void {
    if (snapshot !== this.#snapshot) {
      this.#endSnapshot()
      this.#beginSnapshot(snapshot)
    }
    if (this.#out.json) this.#nodes.push(foundNodeJson(path, node))
    else this.#out.line(nodeLine(path, node, this.#options))
  }

  printObject({ snapshot, type, id, path, parent }: FoundObject): void {
    const kind = type === 'tree' ? 'tree' : 'blob'
    if (this.#out.json) {
      const tree = parent === undefined ? {} : { parent_tree: parent }
      const place = { snapshot: snapshot.id, time: snapshot.time }
      return this.#element({ object_type: kind, id, path: jsonPath(path), ...tree, ...place })
    }
    this.#out.line(`Found ${kind} ${id}`)
    this.#out.line(` ... ${type === 'tree' ? 'path' : 'in file'} ${printablePath(path)}`)
    if (parent !== undefined) this.#out.line(`     (tree ${parent})`)
    this.#out.line(` ... in snapshot ${shortId(snapshot.id)} (${formatTime(snapshot.time)})`)
    const pack = this.#options.showPackId ? this.#options.index.find(type, id)?.pack : undefined
    if (pack !== undefined) this.#out.line(` ... in pack ${pack}`)
  }

  end(): void {
    this.#endSnapshot()
    if (this.#out.json) this.#out.line(this.#isFirst ? '[]' : ']')
  }

  #beginSnapshot(snapshot: StoredSnapshot): void {
    if (this.#snapshot) this.#out.note()
    this.#out.note(`Found matching entries in snapshot ${shortId(snapshot.id)} from ${formatTime(snapshot.time)}`)
    this.#snapshot = snapshot
  }

  /** One snapshot's matches are held in memory, not those of all. */
  #endSnapshot(): void {
    if (this.#nodes.length === 0 || !this.#snapshot) return
    this.#element({ matches: this.#nodes, hits: this.#nodes.length, snapshot: this.#snapshot.id })
    this.#nodes = []
  }

  #element(value: object): void {
    this.#out.part(`${this.#isFirst ? '[' : ','}${jsonText(value)}`)
    this.#isFirst = false
  }
}
