import type { SourcePoint } from '../../source-point.ts'
import { scriptFor } from '../dump/globals-script.ts'
import { GLOBALS_PATH, type PostgresFacts } from '../facts.ts'
import type { Postgres } from '../server/open-postgres.ts'

/** Roles of the point that the server does not have. */
export async function missingRoles(facts: PostgresFacts, postgres: Postgres): Promise<readonly string[]> {
  const rows = await postgres.ask<{ name: string }>('select rolname as name from pg_roles', 'ask for the roles')
  const there = new Set(rows.map(({ name }) => name))
  return facts.roles.filter((role) => !there.has(role))
}

/** @param passwords left out on a server that is another one: who may log in there is for others to say */
export async function createRoles(
  roles: readonly string[],
  point: SourcePoint,
  postgres: Postgres,
  passwords: 'kept' | 'left out',
): Promise<void> {
  if (roles.length === 0) return
  const parts: Uint8Array[] = []
  for await (const part of point.content(GLOBALS_PATH)) parts.push(part)
  const script = scriptFor(new Set(roles), Buffer.concat(parts).toString())
  const shown = passwords === 'kept' ? script : script.replaceAll(/ PASSWORD '(?:[^']|'')*'/g, '')
  await postgres.feed(`begin;\n${shown}commit;\n`, `make the roles ${roles.join(', ')}`)
}
