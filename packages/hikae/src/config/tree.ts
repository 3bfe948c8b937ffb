/** What a YAML map becomes. */
export type Tree = Readonly<Record<string, unknown>>

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What stands at a path; undefined when nothing does. */
export function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value = tree
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return value
}

/** The same tree with every text in it replaced. */
export function mapTexts(tree: unknown, change: (text: string, path: readonly PropertyKey[]) => string): unknown {
  return visit(tree, [])

  function visit(value: unknown, path: readonly PropertyKey[]): unknown {
    if (typeof value === 'string') return change(value, path)
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]))
    if (!isTree(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner, [...path, key])]))
  }
}
