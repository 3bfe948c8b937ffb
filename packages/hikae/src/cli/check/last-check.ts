import { z } from 'zod'
import type { Environment } from '../context.ts'
import { readState, statePath, storeState } from '../state/state-file.ts'

/** How deep a check went: without reading data, reading part of it, reading all. */
export const CHECK_KINDS = ['structure', 'part', 'all'] as const

export type CheckKind = (typeof CHECK_KINDS)[number]

/** When checks of each kind last found no error: ISO 8601. */
export type PassedChecks = { readonly [Kind in CheckKind]?: string | undefined }

const time = z.iso.datetime().optional()
const schema = z.object({ version: z.literal(1), passed: z.object({ structure: time, part: time, all: time }) })

/**
 * The checks that were made from this machine.
 *
 * @returns nothing for a file that is damaged or of another form @throws the system's error when it cannot be read
 */
export async function passedChecks(env: Environment, repositoryId: string): Promise<PassedChecks> {
  const stored = await readState(statePath(env, 'check', repositoryId))
  return stored === undefined ? {} : decode(stored)
}

/** @throws the system's error when it cannot be stored */
export async function rememberCheck(
  env: Environment,
  repositoryId: string,
  kind: CheckKind,
  atMs: number,
): Promise<void> {
  const passed = { ...(await passedChecks(env, repositoryId)), [kind]: new Date(atMs).toISOString() }
  await storeState(statePath(env, 'check', repositoryId), JSON.stringify({ version: 1, passed }))
}

/** The last one of any kind; undefined when there was none. */
export function latestCheck(passed: PassedChecks): { readonly kind: CheckKind; readonly time: string } | undefined {
  return CHECK_KINDS.flatMap((kind) => (passed[kind] === undefined ? [] : [{ kind, time: passed[kind] }])).reduce<
    { kind: CheckKind; time: string } | undefined
  >((latest, check) => (latest !== undefined && latest.time > check.time ? latest : check), undefined)
}

function decode(stored: Buffer): PassedChecks {
  try {
    return schema.parse(JSON.parse(stored.toString('utf8'))).passed
  } catch {
    return {} // Damaged or of another form: as if none had been made.
  }
}
