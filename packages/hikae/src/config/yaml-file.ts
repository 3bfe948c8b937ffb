import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { errorMessage } from '../errors.ts'
import type { ConfigProblem } from './problem.ts'

export interface Position {
  /** From 1. */
  readonly line: number
  readonly column: number
}

/** A YAML text and where in it things stand. */
export class YamlFile {
  /** What is no YAML. */
  readonly problems: readonly ConfigProblem[]
  /** The content; nothing when there are problems. */
  readonly content: unknown
  readonly #document: Document.Parsed
  readonly #lines = new LineCounter()

  constructor(text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false })
    const errors = this.#document.errors.map(({ message, pos }) => ({ ...this.#position(pos[0]), at: '', message }))
    const { content, problem } = errors.length > 0 ? {} : this.#resolve()
    this.content = content
    this.problems = problem ? [problem] : errors
  }

  /** Of the key or item at the path; of what is nearest above it when there is no such thing. */
  positionOf(path: readonly PropertyKey[]): Position | undefined {
    for (let length = path.length; length > 0; length--) {
      const offset = this.#offsetOf(path.slice(0, length))
      if (offset !== undefined) return this.#position(offset)
    }
    return undefined
  }

  /** An alias of something that is not there, or aliases that would unfold to something enormous, show only here. */
  #resolve(): { content?: unknown; problem?: ConfigProblem } {
    try {
      return { content: this.#document.toJS() as unknown }
    } catch (error) {
      return { problem: { at: '', message: errorMessage(error) } }
    }
  }

  #offsetOf(path: readonly PropertyKey[]): number | undefined {
    const parent = this.#document.getIn(path.slice(0, -1), true)
    const last = path.at(-1)
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))
      return (pair?.key as Node | undefined)?.range?.[0]
    }
    return (this.#document.getIn(path, true) as Node | undefined)?.range?.[0]
  }

  #position(offset: number): Position {
    const { line, col: column } = this.#lines.linePos(offset)
    return { line, column }
  }
}
