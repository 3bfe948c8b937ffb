import { randomBytes } from 'node:crypto'
import { type Backend, FileMissingError } from '../backend/backend.ts'
import { randomPolynomial } from '../chunker/polynomial.ts'
import { Cipher } from '../crypto/cipher.ts'
import { type KdfParameters, randomMasterKey } from '../crypto/kdf.ts'
import { KnownError } from '../errors.ts'
import type { KeyId } from '../ids.ts'
import { encodeConfig, type RepositoryConfig } from './config.ts'
import { storeKey } from './keys.ts'

/** There is a repository already, or remains of one. */
export class RepositoryExistsError extends KnownError {
  override readonly name = 'RepositoryExistsError'
  readonly code = 'REPOSITORY_EXISTS'
}

export interface InitOptions {
  readonly password: string
  /** Who the first key belongs to, for `key list`. */
  readonly hostname: string
  readonly username: string
  readonly version?: 1 | 2
  /** Another repository's, so that copies between the two deduplicate; random by default. */
  readonly chunkerPolynomial?: bigint
  readonly kdf?: KdfParameters
}

/**
 * Creates an empty repository (§5): key first, config last, so that a repository exists only when it is complete.
 *
 * @throws {RepositoryExistsError} config, keys or snapshots are already there; nothing was changed
 */
export async function initRepository(
  backend: Backend,
  options: InitOptions,
): Promise<RepositoryConfig & { keyId: KeyId }> {
  await refuseConfig(backend)
  await backend.create()
  await refuseRemains(backend)
  const config: RepositoryConfig = {
    version: options.version ?? 2,
    id: randomBytes(32).toString('hex'),
    chunkerPolynomial: options.chunkerPolynomial ?? randomPolynomial(randomBytes),
  }
  const masterKey = randomMasterKey()
  const keyId = await storeKey(backend, masterKey, options)
  await backend.write('config', '', new Cipher(masterKey).seal(encodeConfig(config)))
  return { ...config, keyId }
}

async function refuseConfig(backend: Backend): Promise<void> {
  if (!(await hasConfig(backend))) return
  throw new RepositoryExistsError(`there is already a repository at ${backend.location}`, {
    hint: 'use it as it is, or choose an empty place',
  })
}

async function refuseRemains(backend: Backend): Promise<void> {
  for (const kind of ['key', 'snapshot'] as const) {
    for await (const _file of backend.list(kind)) {
      throw new RepositoryExistsError(`${backend.location} has no config file but holds ${kind} files`, {
        hint: 'it may be a damaged repository: restore its config file from a copy, or choose an empty place',
      })
    }
  }
}

async function hasConfig(backend: Backend): Promise<boolean> {
  try {
    await backend.size('config', '')
    return true
  } catch (error) {
    if (error instanceof FileMissingError) return false
    throw error
  }
}
