import { dirname } from 'node:path'
import type { Clients } from '../../../databases/clients.ts'
import { PostgresError } from './postgres-error.ts'

export type ProgramName = 'psql' | 'pg_dump' | 'pg_dumpall' | 'pg_restore' | 'pg_amcheck' | 'initdb' | 'postgres'

/** Majors that packages may have put here; the newest first. */
const MAJORS = Array.from({ length: 16 }, (_, index) => 25 - index)

/** Where packages put the programs of one major version. */
function foldersOf(major: number): string[] {
  return [`/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`, `/usr/local/opt/postgresql@${major}/bin`]
}

/**
 * @param folder where they have to be, as the stack file says @param major of the server, when it is known: programs of its
 *   version come first
 * @throws {PostgresError} there is none
 */
export async function findProgram(
  clients: Clients,
  program: ProgramName,
  { folder, major }: { readonly folder: string | undefined; readonly major?: number },
): Promise<string> {
  const found =
    folder === undefined ? await findAnywhere(clients, program, major) : await clients.find([program], [folder])
  if (found !== undefined && (folder === undefined || dirname(found) === folder)) return found
  throw new PostgresError(`there is no ${program} ${folder === undefined ? clients.place : `in ${folder}`}`, {
    hint: `install PostgreSQL's client programs${major === undefined ? '' : ` of version ${major}`} there (postgresql-client), or say container: or programs: in the stack file`,
  })
}

/** Of the version that is asked for, else what is on the path, else the newest. */
async function findAnywhere(
  clients: Clients,
  program: ProgramName,
  major: number | undefined,
): Promise<string | undefined> {
  const own = major === undefined ? [] : foldersOf(major)
  return (await clients.find([program], own)) ?? (await clients.find([program], MAJORS.flatMap(foldersOf)))
}

/** @returns the major version that it says of itself */
export async function versionOf(clients: Clients, path: string, signal: AbortSignal): Promise<number> {
  const said = await clients.run([path, '--version'], { signal })
  const [, major] = /\(PostgreSQL\) (\d+)/.exec(said) ?? []
  if (major !== undefined) return Number(major)
  throw new PostgresError(`${path} says nothing of a version: ${said.trim().slice(0, 100)}`, {
    hint: "say programs: with the folder of PostgreSQL's own programs",
  })
}
