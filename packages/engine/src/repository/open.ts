import { type Backend, FileMissingError } from '../backend/backend.ts'
import { type CacheOptions, withCache } from '../backend/cache.ts'
import { isIrreducible } from '../chunker/polynomial.ts'
import { Cipher, MacMismatchError } from '../crypto/cipher.ts'
import { DamagedError, KnownError } from '../errors.ts'
import { decodeConfig } from './config.ts'
import { openKey } from './keys.ts'
import { Repository } from './repository.ts'

/** There is no repository at the place named. */
export class RepositoryMissingError extends KnownError {
  override readonly name = 'RepositoryMissingError'
  readonly code = 'REPOSITORY_MISSING'

  constructor({ location, localPath }: Pick<Backend, 'location' | 'localPath'>, cause?: unknown) {
    const disk = localPath ? ', and whether its disk is mounted,' : ','
    super(`there is no repository at ${location}`, {
      hint: `check the place${disk} or create a repository there with \`hikae init\``,
      cause,
    })
  }
}

export interface OpenOptions {
  readonly password: string
  /** Beginning of the id of the key to try first. */
  readonly keyHint?: string
  /**
   * Where to keep what is read again and again; nothing is kept without it. Of no use, and not used, for a backend whose
   * files are on this machine; not for checks and repairs, which must see what is stored.
   */
  readonly cache?: Omit<CacheOptions, 'repositoryId'> | undefined
  readonly signal?: AbortSignal
}

/**
 * Opens a repository: finds the key the password belongs to and reads the config. Takes no lock and loads no index.
 * The backend belongs to the repository from then on; when opening fails it is disposed of.
 *
 * @throws {RepositoryMissingError} @throws {WrongPasswordError} @throws {RepositoryVersionError} made by a later version
 * @throws {DamagedError} the config, or every key, cannot be read
 */
export async function openRepository(backend: Backend, options: OpenOptions): Promise<Repository> {
  try {
    // Together, because each waits for the storage. That there is no repository explains whatever is wrong with its keys.
    const [reading, unlocking] = await Promise.allSettled([
      readConfig(backend, options.signal),
      openKey(backend, options),
    ])
    const stored = fulfilled(reading)
    const { keyId, masterKey } = fulfilled(unlocking)
    const config = decodeConfig(decryptConfig(new Cipher(masterKey), stored, backend.location))
    if (!isIrreducible(config.chunkerPolynomial)) {
      throw new DamagedError(`the config of ${backend.location} holds an unusable chunker polynomial`, {
        hint: 'restore the config file from a copy of the repository',
      })
    }
    return new Repository(withWantedCache(backend, config.id, options), config, masterKey, keyId)
  } catch (error) {
    await backend[Symbol.asyncDispose]()
    throw error
  }
}

function fulfilled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'fulfilled') return result.value
  throw result.reason
}

function withWantedCache(backend: Backend, repositoryId: string, { cache }: OpenOptions): Backend {
  return cache && !backend.localPath ? withCache(backend, { ...cache, repositoryId }) : backend
}

async function readConfig(backend: Backend, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    const stored = await backend.read('config', '', signal ? { signal } : {})
    if (stored.length > 0) return stored
  } catch (error) {
    throw error instanceof FileMissingError ? new RepositoryMissingError(backend, error) : error
  }
  throw new DamagedError(`the config of ${backend.location} is empty`, {
    hint: 'restore the config file from a copy of the repository',
  })
}

function decryptConfig(cipher: Cipher, stored: Uint8Array, location: string): Buffer {
  try {
    return cipher.open(stored)
  } catch (error) {
    if (!(error instanceof MacMismatchError)) throw error
    throw new DamagedError(`the config of ${location} is damaged`, {
      hint: 'the password is right, but the file was changed: restore the config file from a copy of the repository',
      cause: error,
    })
  }
}
