import { type Backend, FileMissingError } from '../backend/backend.ts'
import { DamagedError, KnownError } from '../errors.ts'
import { encodeConfig } from '../repository/config.ts'
import type { Repository } from '../repository/repository.ts'
import { check } from './check/check.ts'
import type { CheckProgress, CheckReport } from './check/report.ts'

/** Changes of a repository's format, by restic's names (§20). */
export const MIGRATIONS = ['upgrade_repo_v2'] as const

export type MigrationName = (typeof MIGRATIONS)[number]

export interface UpgradeOptions {
  /**
   * Given the config file as it is, encrypted, before it is replaced: where storage cannot replace a file in one step,
   * a crash in between leaves none.
   *
   * @returns the place where it is kept, for the message that names it
   */
  readonly keepConfig: (content: Uint8Array) => Promise<string>
  readonly signal?: AbortSignal
  /** Of the check that comes first. */
  readonly onProgress?: (progress: CheckProgress) => void
}

/** What a damaged repository gets for an answer. */
export class MigrationRefusedError extends KnownError {
  override readonly name = 'MigrationRefusedError'
  readonly code = 'MIGRATION_REFUSED'

  constructor({ errors }: CheckReport) {
    const [first] = errors
    const count = errors.length === 1 ? 'an error' : `${errors.length} errors, of which the first is`
    super(`the repository was not changed, since the check before found ${count}: ${first?.message}`, {
      hint: 'run `hikae check`, do what it suggests, and try again',
    })
  }
}

/** The config could not be replaced, and neither could the old one be put back. */
export class ConfigLostError extends KnownError {
  override readonly name = 'ConfigLostError'
  readonly code = 'CONFIG_LOST'
}

/** What can be done to a repository as it is. */
export function applicableMigrations({ config }: Repository): MigrationName[] {
  return config.version === 1 ? ['upgrade_repo_v2'] : []
}

/**
 * `upgrade_repo_v2`: upgrades a repository of format version 1 to 2 (§20), after a check of its structure. Only the config file changes: what is
 * stored stays as it is, uncompressed, until a prune repacks it. Programs that know only version 1 cannot open it any
 * more (restic before 0.14).
 *
 * The caller holds an exclusive lock, and opens the repository again afterwards: this object still has the old config.
 * When it throws, the repository is as it was, but for {@link ConfigLostError}.
 *
 * @returns false when the repository has version 2 already
 * @throws {MigrationRefusedError} the check found errors
 */
export async function upgradeToVersion2(
  repository: Repository,
  { keepConfig, signal, onProgress }: UpgradeOptions,
): Promise<boolean> {
  if (applicableMigrations(repository).length === 0) return false
  const checked = await check(repository, {
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
  if (checked.errors.length > 0) throw new MigrationRefusedError(checked)
  const old = await repository.backend.read('config', '')
  const place = await keepConfig(old)
  signal?.throwIfAborted()
  const upgraded = repository.cipher.seal(encodeConfig({ ...repository.config, version: 2 }))
  await replaceConfig(repository.backend, old, upgraded, place)
  return true
}

/** Not to be interrupted: in the end either the one or the other is there. */
async function replaceConfig(backend: Backend, old: Uint8Array, upgraded: Uint8Array, place: string): Promise<void> {
  let failure: unknown
  try {
    await backend.write('config', '', upgraded, { replace: true })
  } catch (error) {
    failure = error
  }
  const stored = await readIfThere(backend, place)
  // Also when only the answer was lost.
  if (stored !== undefined && Buffer.compare(stored, upgraded) === 0) return
  if (stored === undefined || Buffer.compare(stored, old) !== 0) await putBack(backend, old, place)
  throw failure ?? new DamagedError('the new config file cannot be read back; the old one was put back')
}

async function readIfThere(backend: Backend, place: string): Promise<Uint8Array | undefined> {
  try {
    return await backend.read('config', '')
  } catch (error) {
    if (error instanceof FileMissingError) return undefined
    throw lost(backend, place, error)
  }
}

async function putBack(backend: Backend, old: Uint8Array, place: string): Promise<void> {
  try {
    await backend.write('config', '', old, { replace: true })
  } catch (error) {
    throw lost(backend, place, error)
  }
}

function lost(backend: Backend, place: string, cause: unknown): ConfigLostError {
  return new ConfigLostError(`the config file of ${backend.location} could not be replaced, and may be gone`, {
    hint: `the file as it was is kept in ${place}: if the repository cannot be opened, copy that to its place as "config"`,
    cause,
  })
}
