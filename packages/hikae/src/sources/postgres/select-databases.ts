import { matchesGlob } from 'node:path'
import { InputError } from '../../errors.ts'
import type { PostgresConfig } from './config.ts'
import { parseOwnName } from './names.ts'
import { type DatabaseRow, listDatabases } from './server/database-row.ts'
import type { Postgres } from './server/open-postgres.ts'

/** Whether a database of that name is meant by the source. */
export function isMeant(name: string, { databases, exclude }: Patterns): boolean {
  if (exclude.some((pattern) => isMatch(name, pattern))) return false
  return databases === undefined || databases.some((pattern) => isMatch(name, pattern))
}

type Patterns = Pick<PostgresConfig, 'exclude'> & { readonly databases?: readonly string[] | undefined }

/** A glob, where `/` is a character as any other; or the name itself, whatever is in it. */
export function isMatch(name: string, pattern: string): boolean {
  return name === pattern || matchesGlob(name.replaceAll('/', ':'), pattern.replaceAll('/', ':'))
}

/** What the source is about on this server: with a URL that names a database, that one only unless it says more. */
export function patternsOf({ databases, exclude }: PostgresConfig, postgres: Postgres): Patterns {
  const named = postgres.server.url?.database
  return { exclude, databases: databases ?? (named === undefined ? undefined : [named]) }
}

/**
 * The databases that are to be saved.
 *
 * @throws {InputError} there is none, or one that is named is not there
 */
export async function selectDatabases(config: PostgresConfig, postgres: Postgres): Promise<readonly DatabaseRow[]> {
  const patterns = patternsOf(config, postgres)
  const all = await listDatabases(postgres)
  const named = patterns.databases ?? []
  const chosen = all.filter((row) => {
    // By name also a template, or what a restore has kept.
    if (named.includes(row.name)) return isMeant(row.name, patterns)
    return !row.isTemplate && row.allowsConnections && !parseOwnName(row.name) && isMeant(row.name, patterns)
  })
  const absent = named.find((pattern) => !all.some(({ name }) => isMatch(name, pattern)))
  if (absent === undefined && chosen.length > 0) return chosen
  const there = all.filter(({ isTemplate }) => !isTemplate).map(({ name }) => name)
  throw new InputError(
    absent === undefined
      ? `no database of ${postgres.server.name} is left to be saved`
      : `there is no database ${absent} on ${postgres.server.name}`,
    { hint: `there are: ${there.slice(0, 20).join(', ')}; say which with databases: and exclude:` },
  )
}
