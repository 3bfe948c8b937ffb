import type { ParentDirectory } from './parent-directory.ts'

/** A node's canonical JSON; the name orders it. */
export interface NamedNode {
  readonly name: string
  readonly text: string
}

/** A directory while it is read. Counts what it waits for: a promise for each file would cost more than small files do. */
export class OpenDirectory {
  readonly path: string
  readonly parent: ParentDirectory | undefined
  readonly #nodes: NamedNode[] = []
  readonly #whole = Promise.withResolvers<readonly NamedNode[]>()
  /** The reading of the directory itself counts as one. */
  #awaited = 1

  constructor(path: string, parent: ParentDirectory | undefined) {
    this.path = path
    this.parent = parent
    // When the walk ends early nobody asks for what is below any more.
    this.#whole.promise.catch(() => undefined)
  }

  /** Resolves with all nodes when everything that was awaited has come; rejects with the first failure. */
  get whole(): Promise<readonly NamedNode[]> {
    return this.#whole.promise
  }

  add(node: NamedNode): void {
    this.#nodes.push(node)
  }

  /** Something will {@link OpenDirectory.arrive}, or {@link OpenDirectory.fail}. */
  await(): void {
    this.#awaited++
  }

  arrive(node: NamedNode | undefined): void {
    if (node) this.#nodes.push(node)
    if (--this.#awaited === 0) this.#whole.resolve(this.#nodes)
  }

  fail(error: unknown): void {
    this.#whole.reject(error)
  }
}
