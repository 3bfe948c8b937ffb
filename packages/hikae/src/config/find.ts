import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Environment } from '../environment.ts'

/** Where a stack file is looked for when none is named. */
const USUAL_PLACES = ['hikae.yaml', 'hikae.yml', '/etc/hikae/hikae.yaml'] as const

/** The stack file that is named, or the first in a usual place; undefined when there is none. */
export async function findStackFile(named: string | undefined, env: Environment): Promise<string | undefined> {
  const given = named ?? env['HIKAE_CONFIG']
  if (given !== undefined && given !== '') return resolve(given)
  for (const place of USUAL_PLACES) {
    try {
      await access(place)
      return resolve(place)
    } catch {
      // The next place may have one.
    }
  }
  return undefined
}
