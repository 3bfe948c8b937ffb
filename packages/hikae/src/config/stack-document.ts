import { type ConfigProblem, describePlace } from './problem.ts'
import type { ReadFile } from './read-files.ts'
import { isTree, type Tree, valueAt } from './tree.ts'

/** Where in which file something stands. */
interface Place {
  readonly file: ReadFile
  readonly path: readonly PropertyKey[]
}

/**
 * The stack file and what it includes as one. Names of maps come together, lists are appended, and anything else may only
 * be said twice when it is the same.
 */
export class StackDocument {
  readonly files: readonly ReadFile[]
  readonly tree: Tree
  /** What contradicts. */
  readonly problems: readonly ConfigProblem[]
  /** Of keys, and of names and items one level below. */
  readonly #places = new Map<string, Place>()

  /** @param files the stack file first */
  constructor(files: readonly ReadFile[]) {
    this.files = files
    const merged = new Map<string, unknown>()
    const problems: ConfigProblem[] = []
    const saysVersion = files[0]?.tree['version'] !== undefined
    for (const file of files) {
      for (const [key, value] of Object.entries(file.tree)) {
        // A key with nothing under it is one whose content is commented out.
        if (value === null || (key === 'version' && !saysVersion)) continue
        problems.push(...this.#merge(merged, { file, path: [key] }, value))
      }
    }
    this.tree = Object.fromEntries(merged)
    this.problems = problems
  }

  /** File, line and column of what stands at the path of the tree, or of what is nearest above it. */
  positionOf(path: readonly PropertyKey[]): Pick<ConfigProblem, 'file' | 'line' | 'column'> {
    const { file, path: own } = this.#placeOf(path)
    return { file: file.path, ...file.yaml.positionOf(own) }
  }

  /** What was written there, before values of variables were put in. */
  rawAt(path: readonly PropertyKey[]): unknown {
    const { file, path: own } = this.#placeOf(path)
    return valueAt(file.raw, own)
  }

  #placeOf(path: readonly PropertyKey[]): Place {
    for (const length of [2, 1]) {
      const found = path.length < length ? undefined : this.#places.get(placeKey(path.slice(0, length)))
      if (found) return { file: found.file, path: [...found.path, ...path.slice(length)] }
    }
    return { file: this.files[0]!, path }
  }

  #merge(into: Map<string, unknown>, place: Place, value: unknown): ConfigProblem[] {
    const key = String(place.path[0])
    const known = into.get(key)
    if (!this.#places.has(placeKey([key]))) this.#places.set(placeKey([key]), place)
    if (Array.isArray(value) && (known === undefined || Array.isArray(known))) {
      into.set(key, this.#appendItems(known ?? [], place, value))
      return []
    }
    if (isTree(value) && (known === undefined || isTree(known))) {
      const { names, problems } = this.#addNames(known ?? {}, place, value)
      into.set(key, names)
      return problems
    }
    if (known === undefined) into.set(key, value)
    return known === undefined || known === value ? [] : [this.#contradiction(place, [key])]
  }

  #appendItems(known: readonly unknown[], { file, path }: Place, items: readonly unknown[]): unknown[] {
    for (const index of items.keys()) {
      this.#places.set(placeKey([path[0]!, known.length + index]), { file, path: [path[0]!, index] })
    }
    return [...known, ...items]
  }

  #addNames(known: Tree, { file, path }: Place, added: Tree): { names: Tree; problems: ConfigProblem[] } {
    const names = new Map(Object.entries(known))
    const problems: ConfigProblem[] = []
    for (const [name, value] of Object.entries(added)) {
      const place = { file, path: [path[0]!, name] }
      const isSame = names.get(name) === value && !isTree(value)
      if (names.has(name) && !isSame) problems.push(this.#contradiction(place, place.path))
      if (names.has(name)) continue
      names.set(name, value)
      this.#places.set(placeKey(place.path), place)
    }
    return { names: Object.fromEntries(names), problems }
  }

  #contradiction({ file, path }: Place, known: readonly PropertyKey[]): ConfigProblem {
    const message = `this is said already, in ${describePlace(this.positionOf(known), this.files[0]!.path)}`
    return { file: file.path, ...file.yaml.positionOf(path), at: path.map(String).join('.'), message }
  }
}

function placeKey(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String))
}
