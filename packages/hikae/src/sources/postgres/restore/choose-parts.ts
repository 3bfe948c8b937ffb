import { InputError } from '../../../errors.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { DatabaseFacts, PostgresFacts } from '../facts.ts'
import { isMatch } from '../select-databases.ts'
import { chooseItems } from './choose-items.ts'

export interface ChosenPart {
  readonly facts: DatabaseFacts
  /** Absent for all of it. */
  readonly items?: readonly number[]
}

/**
 * @param only `DATABASE` or `DATABASE/SCHEMA.TABLE`, as globs; of a point with a single database also `SCHEMA.TABLE`
 * @throws {InputError} one of them matches nothing
 */
export async function chooseParts(
  { databases }: PostgresFacts,
  only: readonly string[] | undefined,
  point: SourcePoint,
): Promise<readonly ChosenPart[]> {
  if (only === undefined || only.length === 0) return databases.map((facts) => ({ facts }))
  const whole = new Set<DatabaseFacts>()
  const parts = new Map<DatabaseFacts, string[]>()
  for (const part of only) {
    for (const { facts, table } of placesOf(part, databases)) {
      if (table === undefined) whole.add(facts)
      else parts.set(facts, [...(parts.get(facts) ?? []), table])
    }
  }
  const chosen: ChosenPart[] = []
  for (const facts of databases) {
    const tables = parts.get(facts)
    if (whole.has(facts)) chosen.push({ facts })
    else if (tables !== undefined) {
      const { ids, facts: some } = await chooseItems(facts, tables, point)
      chosen.push({ facts: some, items: ids })
    }
  }
  return chosen
}

interface PartPlace {
  readonly facts: DatabaseFacts
  readonly table: string | undefined
}

function placesOf(part: string, databases: readonly DatabaseFacts[]): PartPlace[] {
  const whole = databases.filter(({ name }) => isMatch(name, part))
  if (whole.length > 0) return whole.map((facts) => ({ facts, table: undefined }))
  const at = part.indexOf('/')
  const [name, table] = at === -1 ? [undefined, part] : [part.slice(0, at), part.slice(at + 1)]
  if (name === undefined && databases.length === 1) return [{ facts: databases[0]!, table }]
  const found = databases.filter((facts) => name !== undefined && isMatch(facts.name, name))
  if (found.length > 0) return found.map((facts) => ({ facts, table }))
  throw new InputError(`--only ${part}: there is no such database in this point`, {
    hint: `it has ${databases.map((facts) => facts.name).join(', ')}; write DATABASE, or DATABASE/SCHEMA.TABLE`,
  })
}
