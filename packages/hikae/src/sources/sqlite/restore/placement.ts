import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { InputError, systemCode } from '../../../errors.ts'
import type { DatabaseFacts } from '../facts.ts'
import { isThere } from '../is-there.ts'

/** A saved database, and where it is to be. */
export interface Placement {
  readonly facts: DatabaseFacts
  /** Absolute; no link. */
  readonly place: string
}

/**
 * Where databases lie when they go back to where they were; through a link, to where it leads.
 *
 * @throws {InputError} something else is there
 */
export async function placesAsBefore(databases: readonly DatabaseFacts[]): Promise<Placement[]> {
  const placements: Placement[] = []
  for (const facts of databases) placements.push({ facts, place: await placeOf(facts.path) })
  return placements
}

async function placeOf(path: string): Promise<string> {
  if (!(await isThere(path))) return path
  try {
    const place = await realpath(path)
    if ((await stat(place)).isFile()) return place
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
  throw new InputError(`${path} is no file any more`, { hint: 'move it away, or restore to another place with --to' })
}

/**
 * Where databases lie below a new folder: as they lay to each other. A single one takes the name itself, unless that ends
 * in `/`.
 *
 * @throws {InputError} there is something already
 */
export async function placesBelow(
  databases: readonly DatabaseFacts[],
  to: string,
  folder: string,
): Promise<Placement[]> {
  const target = resolve(folder, to)
  if (await isThere(target)) {
    throw new InputError(`there is something at ${target} already`, { hint: 'name a place where nothing is yet' })
  }
  const [first] = databases
  if (databases.length === 1 && !to.endsWith('/')) return [{ facts: first!, place: target }]
  const top = commonFolder(databases.map(({ path }) => path))
  return databases.map((facts) => ({ facts, place: join(target, facts.path.slice(top.length)) }))
}

/** With a slash at its end. */
function commonFolder(paths: readonly string[]): string {
  const [first = '/', ...others] = paths.map((path) => dirname(path).split('/'))
  const parts = others.reduce<readonly string[]>(
    (common, path) => {
      const end = common.findIndex((part, at) => path[at] !== part)
      return end === -1 ? common : common.slice(0, end)
    },
    first as readonly string[],
  )
  const folder = parts.join('/')
  return folder.endsWith('/') ? folder : `${folder}/`
}

/** The name of a placement's file in the folder that the point is written to. */
export function nameInPoint({ facts }: Placement): string {
  return basename(facts.path)
}
