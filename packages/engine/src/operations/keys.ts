import { FileMissingError } from '../backend/backend.ts'
import type { KdfParameters } from '../crypto/kdf.ts'
import { DamagedError, InvalidInputError } from '../errors.ts'
import { type KeyId, shortId } from '../ids.ts'
import { type NewKey, openKey, readKeyFile, storeKey } from '../repository/keys.ts'
import type { Repository } from '../repository/repository.ts'

export interface KeyInfo {
  readonly id: KeyId
  /** The password that opened the repository belongs to it. */
  readonly current: boolean
  readonly username: string
  readonly hostname: string
  /** RFC 3339. */
  readonly created: string
}

export interface ListKeysOptions {
  readonly signal?: AbortSignal
  /** A key file that cannot be read; without this it is thrown. */
  readonly onUnreadable?: (id: KeyId, error: unknown) => void
}

/** Everybody's keys, oldest first. */
export async function listKeys(repository: Repository, options: ListKeysOptions = {}): Promise<KeyInfo[]> {
  const { signal, onUnreadable } = options
  const keys: KeyInfo[] = []
  for (const { id } of await repository.listIds('key', signal)) {
    try {
      const { username, hostname, created } = await readKeyFile(repository.backend, id, signal)
      keys.push({ id, current: id === repository.keyId, username, hostname, created })
    } catch (error) {
      if (!(error instanceof DamagedError || error instanceof FileMissingError) || !onUnreadable) throw error
      onUnreadable(id, error)
    }
  }
  return keys.sort((a, b) => Date.parse(a.created) - Date.parse(b.created) || (a.id < b.id ? -1 : 1))
}

/** Lets another password open the repository, and proves that it does; when it does not, the new key is removed. */
export async function addKey(repository: Repository, key: NewKey): Promise<KeyId> {
  const id = await storeKey(repository.backend, repository.masterKey, key)
  try {
    await proveKey(repository, id, key.password)
  } catch (error) {
    await repository.backend.remove('key', id)
    throw error
  }
  return id
}

/**
 * Removes a key; whoever knows the master key from before can still read the repository.
 *
 * @param prefix beginning of the key's id
 * @throws {InvalidInputError} no key, several, or the one in use
 */
export async function removeKey(repository: Repository, prefix: string, signal?: AbortSignal): Promise<KeyId> {
  const wanted = prefix.toLowerCase()
  const stored = await repository.listIds('key', signal)
  const found = stored.filter(({ id }) => wanted !== '' && id.startsWith(wanted))
  const [key] = found
  if (key === undefined) throw new InvalidInputError(`there is no key ${JSON.stringify(prefix)}`, { hint: listHint })
  if (found.length > 1) throw new InvalidInputError(`key ${prefix} is not unique`, { hint: 'give more digits' })
  if (key.id === repository.keyId) {
    throw new InvalidInputError(`key ${shortId(key.id)} is the one in use`, {
      hint: 'open the repository with another password to remove this one',
    })
  }
  await repository.backend.remove('key', key.id, signal)
  return key.id
}

const listHint = 'use `hikae key list` to see the keys'

/**
 * Replaces the key in use by one for the new password: added, proven, and only then is the old one removed. The
 * repository stays open.
 *
 * @returns the new key; it is the one in use when the repository is opened the next time
 */
export async function changePassword(
  repository: Repository,
  change: { password: string; hostname: string; username: string; kdf?: KdfParameters },
): Promise<KeyId> {
  const id = await addKey(repository, change)
  await repository.backend.remove('key', repository.keyId)
  return id
}

async function proveKey({ backend, masterKey }: Repository, id: KeyId, password: string): Promise<void> {
  const opened = await openKey(backend, { password, keyHint: id })
  const isSame = (['encrypt', 'macK', 'macR'] as const).every((part) =>
    Buffer.from(opened.masterKey[part]).equals(masterKey[part]),
  )
  if (opened.keyId !== id || !isSame) {
    throw new DamagedError(`the new key ${shortId(id)} does not open the repository`, {
      hint: 'it was removed again; this points at faulty storage or memory',
    })
  }
}
