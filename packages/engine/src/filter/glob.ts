import { runeAt } from '../json/byte-string.ts'

/** Lowest and highest code point of a range, inclusive. */
type Range = readonly [number, number]

/** What one place of a pattern accepts. */
type Step =
  | { readonly kind: 'byte'; readonly byte: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly Range[] }

/** Steps between stars; `afterStar` lets any bytes come first. */
interface Run {
  readonly afterStar: boolean
  readonly steps: readonly Step[]
}

/** Whether a file name, as a byte string, is what a pattern's component means. */
export type NameMatcher = (name: string) => boolean

/** The pattern has an open bracket, an empty or backward class, or ends in a backslash. */
export class GlobSyntaxError extends Error {
  override readonly name = 'GlobSyntaxError'
}

/** Whether a component has any character with a meaning of its own. */
export function isLiteral(component: string): boolean {
  return !/[\\[\]*?]/.test(component)
}

/**
 * Compiles a path component in the syntax of Go's `filepath.Match` (§15): `*` any bytes, `?` one character, `[a-z]` and
 * `[^a-z]` classes, `\` before a character that is meant itself. Both it and the names are byte strings; a character is
 * a UTF-8 sequence, or one byte where there is none.
 *
 * @throws {GlobSyntaxError}
 */
export function compileGlob(component: string): NameMatcher {
  if (isLiteral(component)) return (name) => name === component
  const runs = parseRuns(component)
  const [first, second] = runs
  if (runs.length === 1 && first?.afterStar === true) {
    const suffix = literalText(first)
    if (suffix !== undefined) return (name) => name.endsWith(suffix)
  }
  if (runs.length === 2 && first?.afterStar === false && second?.steps.length === 0) {
    const prefix = literalText(first)
    if (prefix !== undefined) return (name) => name.startsWith(prefix)
  }
  return (name) => matchesRuns(runs, name)
}

function parseRuns(component: string): readonly Run[] {
  const reader = { text: component, offset: 0 }
  const runs: Run[] = []
  let steps: Step[] = []
  let afterStar = false
  while (reader.offset < component.length) {
    if (component[reader.offset] !== '*') {
      steps.push(readStep(reader))
      continue
    }
    if (afterStar || steps.length > 0) runs.push({ afterStar, steps })
    steps = []
    afterStar = true
    while (component[reader.offset] === '*') reader.offset++
  }
  runs.push({ afterStar, steps })
  return runs
}

function literalText(run: Run): string | undefined {
  let text = ''
  for (const step of run.steps) {
    if (step.kind !== 'byte') return undefined
    text += String.fromCharCode(step.byte)
  }
  return text
}

interface Reader {
  readonly text: string
  offset: number
}

function readStep(reader: Reader): Step {
  const character = reader.text[reader.offset]
  if (character === '[') return readClass(reader)
  reader.offset++
  if (character === '?') return { kind: 'any' }
  if (character !== '\\') return { kind: 'byte', byte: reader.text.charCodeAt(reader.offset - 1) }
  if (reader.offset === reader.text.length) throw new GlobSyntaxError('it ends in a backslash')
  return { kind: 'byte', byte: reader.text.charCodeAt(reader.offset++) }
}

function readClass(reader: Reader): Step {
  reader.offset++
  const negated = reader.text[reader.offset] === '^'
  if (negated) reader.offset++
  const ranges: Range[] = []
  while (ranges.length === 0 || reader.text[reader.offset] !== ']') {
    const low = readClassCharacter(reader)
    if (reader.text[reader.offset] !== '-') {
      ranges.push([low, low])
      continue
    }
    reader.offset++
    ranges.push([low, readClassCharacter(reader)])
  }
  reader.offset++
  return { kind: 'class', negated, ranges }
}

function readClassCharacter(reader: Reader): number {
  const { text } = reader
  if (text[reader.offset] === '-' || text[reader.offset] === ']') {
    throw new GlobSyntaxError(`a character is missing before ${text[reader.offset]} in brackets`)
  }
  if (text[reader.offset] === '\\') reader.offset++
  if (reader.offset >= text.length) throw new GlobSyntaxError('a bracket is not closed')
  const { codePoint, width } = runeAt(text, reader.offset)
  if (codePoint < 0) throw new GlobSyntaxError('a class holds a byte that is not UTF-8')
  reader.offset += width
  return codePoint
}

function matchesRuns(runs: readonly Run[], name: string): boolean {
  let offset = 0
  for (const [index, run] of runs.entries()) {
    const end = runEnd(run, name, offset, index === runs.length - 1)
    if (end < 0) return false
    offset = end
  }
  return offset === name.length
}

/** Where the first possible place of a run ends, the name's end if the run is the last; -1 for none. */
function runEnd(run: Run, name: string, from: number, last: boolean): number {
  if (last && run.afterStar && run.steps.length === 0) return name.length
  const lastStart = run.afterStar ? name.length : from
  for (let start = from; start <= lastStart; start++) {
    const end = stepsEnd(run.steps, name, start)
    if (end === name.length || (end >= 0 && !last)) return end
  }
  return -1
}

/** Where the steps end when they start at `offset`; -1 when they do not fit. */
function stepsEnd(steps: readonly Step[], name: string, start: number): number {
  let offset = start
  for (const step of steps) {
    if (offset >= name.length) return -1
    if (step.kind === 'byte') {
      if (name.charCodeAt(offset++) !== step.byte) return -1
      continue
    }
    const { codePoint, width } = runeAt(name, offset)
    if (step.kind === 'class' && !isInClass(step, codePoint)) return -1
    offset += width
  }
  return offset
}

/** Bytes that are not UTF-8 count as U+FFFD, as they do in Go. */
function isInClass(step: Extract<Step, { kind: 'class' }>, codePoint: number): boolean {
  const character = codePoint < 0 ? 0xfffd : codePoint
  return step.ranges.some(([low, high]) => low <= character && character <= high) !== step.negated
}
