import { parse } from 'yaml'
import type { z } from 'zod'

/** What labels say under a name, as a tree: `{ paths: [...], engine: { host: … } }`. */
export type LabelTree = { [key: string]: unknown }

/**
 * Puts `a.b.c=value` into a tree. A value is a list or a map when it is written as one (`[a, b]`, `{ a: b }`), else text.
 *
 * @throws {TypeError} the key says of something that it is both a value and a map
 */
export function setLabel(tree: LabelTree, keys: readonly string[], value: string): void {
  let at = tree
  for (const key of keys.slice(0, -1)) {
    const inner = (at[key] ??= {})
    if (!isTree(inner)) throw new TypeError(`${key} has a value, and names below it`)
    at = inner
  }
  const last = keys.at(-1)!
  if (at[last] !== undefined) throw new TypeError(`${last} has a value, and names below it`)
  at[last] = valueOf(value)
}

/** Labels that were checked: what the schema made of them, and the same as it would stand in a stack file. */
export interface CheckedLabels<T> {
  readonly result: z.ZodSafeParseResult<T>
  readonly written: LabelTree
}

/**
 * Checks a tree of labels. Labels are text: where the schema wants a list, a number or a truth value, text that can be one
 * is taken for it.
 */
export function checkLabels<T>(schema: z.ZodType<T>, tree: LabelTree): CheckedLabels<T> {
  const written = structuredClone(tree)
  for (let rounds = 0; ; rounds++) {
    // What the schema makes of it must not change when what was written does.
    const result = schema.safeParse(structuredClone(written))
    if (result.success || rounds === MOST_CHANGES) return { result, written }
    const { issues } = result.error
    if (!issues.some((issue) => changeFor(issue, written))) return { result, written }
  }
}

/** One for each place that is not text. */
const MOST_CHANGES = 50

function changeFor(issue: z.core.$ZodIssue, tree: LabelTree): boolean {
  if (issue.code === 'invalid_union') {
    return issue.errors.flat().some((inner) => changeFor({ ...inner, path: [...issue.path, ...inner.path] }, tree))
  }
  if (issue.code !== 'invalid_type') return false
  const place = placeOf(tree, issue.path)
  if (place === undefined) return false
  const text = place.holder[place.key]
  if (typeof text !== 'string') return false
  const meant = asType(text, issue.expected)
  if (meant === undefined) return false
  place.holder[place.key] = meant
  return true
}

function asType(text: string, expected: string): unknown {
  if (expected === 'array') return [text]
  if (expected === 'boolean') return { true: true, false: false }[text]
  if (expected === 'number' || expected === 'int')
    return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined
  return undefined
}

function placeOf(tree: LabelTree, path: readonly PropertyKey[]): { holder: LabelTree; key: string } | undefined {
  let holder: unknown = tree
  for (const key of path.slice(0, -1)) holder = (holder as LabelTree | undefined)?.[String(key)]
  const last = path.at(-1)
  return last === undefined || typeof holder !== 'object' || holder === null
    ? undefined
    : { holder: holder as LabelTree, key: String(last) }
}

function valueOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return parse(text)
  } catch {
    return text
  }
}

function isTree(value: unknown): value is LabelTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
