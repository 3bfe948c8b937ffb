import type { SourcePoint } from '../../source-point.ts'
import type { Definitions } from '../dump/definitions.ts'
import { type DatabaseFacts, hasPrograms, partPath } from '../facts.ts'

export const NO_DEFINITIONS: Definitions = { programs: '', views: '' }

/** Triggers, routines, events and views of a database, as a point has them. */
export async function definitionsOf(point: SourcePoint, facts: DatabaseFacts): Promise<Definitions> {
  return {
    programs: hasPrograms(facts) ? await textOf(point, partPath(facts.name, 'programs')) : '',
    views: facts.views.length > 0 ? await textOf(point, partPath(facts.name, 'views')) : '',
  }
}

/** Whether they name the database that they were in: in another one they would reach into it. */
export function namesDatabase({ programs, views }: Definitions, database: string): boolean {
  const name = database.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return new RegExp(`(?:\`${name.replaceAll('`', '``')}\`|(?<![\\w$\`])${name})\\s*\\.`, 'i').test(
    `${programs}\n${views}`,
  )
}

async function textOf(point: SourcePoint, path: string): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of point.content(path)) parts.push(part)
  return Buffer.concat(parts).toString()
}
