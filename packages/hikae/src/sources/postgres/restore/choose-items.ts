import { InputError } from '../../../errors.ts'
import type { SourcePoint } from '../../source-point.ts'
import { type ArchiveHead, type ArchiveItem, HeadIncompleteError, readArchiveHead } from '../dump/archive-head.ts'
import { type DatabaseFacts, latin1 } from '../facts.ts'
import { isMatch } from '../select-databases.ts'

/** What hangs on a table and is restored with it; foreign keys are not, since what they refer to may not be there. */
const OF_TABLE: ReadonlySet<string> = new Set([
  ...[
    'TABLE DATA',
    'SEQUENCE',
    'SEQUENCE OWNED BY',
    'SEQUENCE SET',
    'DEFAULT',
    'INDEX',
    'CONSTRAINT',
    'CHECK CONSTRAINT',
  ],
  ...['COMMENT', 'ACL', 'ROW SECURITY', 'POLICY', 'STATISTICS', 'MATERIALIZED VIEW DATA', 'INDEX ATTACH'],
])
const RELATIONS: ReadonlySet<string> = new Set(['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE', 'FOREIGN TABLE'])
const ALWAYS: ReadonlySet<string> = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH'])
/** What may be needed by definitions, and brings no rows. */
const HAS_ROWS: ReadonlySet<string> = new Set(['TABLE DATA', 'SEQUENCE SET', 'MATERIALIZED VIEW DATA', 'BLOBS'])

/** Some tables of a dump: what pg_restore is told to take, and what it has to give. */
export interface ChosenItems {
  /** Numbers in the table of contents. */
  readonly ids: readonly number[]
  readonly facts: DatabaseFacts
}

/**
 * @param patterns `schema.table` or `table` of the schema public, as globs
 * @throws {InputError} one of them matches nothing
 */
export async function chooseItems(
  facts: DatabaseFacts,
  patterns: readonly string[],
  point: SourcePoint,
): Promise<ChosenItems> {
  const { items } = await headOf(point, facts)
  const seeds = patterns.flatMap((pattern) => {
    const found = items.filter((item) => RELATIONS.has(item.type) && matches(item, pattern))
    if (found.length > 0) return found
    throw new InputError(`there is nothing ${pattern} in the database ${facts.name} of this point`, {
      hint: `write DATABASE/SCHEMA.TABLE or DATABASE/SCHEMA.*; it has ${facts.tables
        .slice(0, 10)
        .map(({ schema, name }) => `${schema}.${name}`)
        .join(', ')}`,
    })
  })
  const ids = withNeeded(items, withDependents(items, new Set(seeds.map(({ id }) => id))))
  const has = (schema: string, name: string): boolean =>
    items.some((item) => ids.has(item.id) && item.schema === schema && item.name === name && HAS_ROWS.has(item.type))
  return {
    ids: items.filter(({ id, type }) => ids.has(id) || ALWAYS.has(type)).map(({ id }) => id),
    facts: {
      ...facts,
      isPart: true,
      largeObjects: 0,
      tables: facts.tables.filter(({ schema, name }) => has(schema, name)),
      sequences: facts.sequences.filter(({ schema, name }) => has(schema, name)),
    },
  }
}

function matches({ schema, name }: ArchiveItem, pattern: string): boolean {
  return isMatch(`${schema}.${name}`, pattern) || (schema === 'public' && isMatch(name, pattern))
}

function withDependents(items: readonly ArchiveItem[], chosen: ReadonlySet<number>): Set<number> {
  const all = new Set(chosen)
  // Twice: a comment hangs on an index that hangs on a table.
  for (let round = 0; round < 2; round++) {
    for (const { id, type, dependsOn } of items) {
      if (OF_TABLE.has(type) && dependsOn.some((other) => all.has(other))) all.add(id)
    }
  }
  return all
}

function withNeeded(items: readonly ArchiveItem[], chosen: ReadonlySet<number>): Set<number> {
  const byId = new Map(items.map((item) => [item.id, item]))
  const schemas = new Map(items.filter(({ type }) => type === 'SCHEMA').map((item) => [item.name, item.id]))
  const all = new Set<number>()
  const open = [...chosen]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const item = byId.get(id)
    if (item === undefined || all.has(id)) continue
    if (HAS_ROWS.has(item.type) && !chosen.has(id)) continue
    all.add(id)
    open.push(...item.dependsOn)
    const schema = schemas.get(item.schema)
    if (schema !== undefined) open.push(schema)
  }
  return all
}

async function headOf(point: SourcePoint, { name, path }: DatabaseFacts): Promise<ArchiveHead> {
  const parts: Uint8Array[] = []
  let next = 65_536
  let length = 0
  for await (const part of point.content(latin1(path))) {
    parts.push(part)
    length += part.length
    if (length < next) continue
    next = length * 2
    const head = tryHead(parts)
    if (head !== undefined) return head
  }
  const head = tryHead(parts)
  if (head !== undefined) return head
  throw new InputError(`the dump of ${name} breaks off in its table of contents`, {
    hint: 'choose another point, and run `hikae check` on the repository',
  })
}

function tryHead(parts: readonly Uint8Array[]): ArchiveHead | undefined {
  try {
    return readArchiveHead(Buffer.concat(parts)).head
  } catch (error) {
    if (error instanceof HeadIncompleteError) return undefined
    throw error
  }
}
