/** JSON for people, with keys in order: the same content is the same text. Ends with a line break. */
export function stableJson(value: unknown): string {
  return `${JSON.stringify(value, inOrder, 2)}\n`
}

export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one, inOrder) === JSON.stringify(other, inOrder)
}

/** Paths of fields in which two values differ, never what is in them: `TaskTemplate.ContainerSpec.Image`. */
export function differences(one: unknown, other: unknown, path = ''): string[] {
  if (isSame(one, other)) return []
  if (!isObject(one) || !isObject(other)) return [path]
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].toSorted().flatMap((key) => differences(one[key], other[key], path === '' ? key : `${path}.${key}`))
}

function inOrder(_key: string, value: unknown): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
