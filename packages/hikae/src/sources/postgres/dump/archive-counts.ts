import type { DatabaseFacts } from '../facts.ts'
import type { CheckedArchive } from './archive-check.ts'

const SETVAL = /, (-?\d+), (true|false)\);\s*$/

/**
 * Tables with the rows that were saved of them. Those of extensions are left out: an extension brings rows of its own, of
 * which some are saved.
 */
export function tablesIn({ head, rows }: CheckedArchive): DatabaseFacts['tables'] {
  const defined = new Set(head.items.filter(({ type }) => type === 'TABLE').map(({ id }) => id))
  const data = head.items.filter(({ type }) => type === 'TABLE DATA')
  const own = defined.size === 0 ? data : data.filter(({ dependsOn }) => dependsOn.some((id) => defined.has(id)))
  return own
    .map(({ id, schema, name }) => ({ schema, name, rows: rows.get(id) ?? null }))
    .toSorted((one, other) => compare(one.schema, other.schema) || compare(one.name, other.name))
}

export function sequencesIn({ head }: CheckedArchive): DatabaseFacts['sequences'] {
  return head.items.flatMap(({ type, schema, name, definition }) => {
    const [, value, isCalled] = SETVAL.exec(definition) ?? []
    if (type !== 'SEQUENCE SET' || value === undefined) return []
    return [{ schema, name, value, isCalled: isCalled === 'true' }]
  })
}

function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
