import { randomBytes } from 'node:crypto'
import type { Backend } from '../backend/backend.ts'
import { Cipher, MacMismatchError, type MasterKey } from '../crypto/cipher.ts'
import { sha256Id } from '../crypto/hash.ts'
import { DEFAULT_KDF, deriveUserKey, type KdfParameters, SALT_BYTES } from '../crypto/kdf.ts'
import { DamagedError, KnownError } from '../errors.ts'
import { isId, type KeyId, shortId } from '../ids.ts'
import { formatTime } from '../json/go-time.ts'
import { decodeKeyFile, decodeMasterKey, encodeKeyFile, encodeMasterKey, type KeyFile } from './key-file.ts'

/** How many keys are tried with a password before giving up, as restic does. */
const MAXIMUM_KEYS_TRIED = 20

/** No key of the repository opens with the password. */
export class WrongPasswordError extends KnownError {
  override readonly name = 'WrongPasswordError'
  readonly code = 'WRONG_PASSWORD'

  constructor(location: string) {
    super(`the password opens no key of ${location}`, {
      hint: 'check the password and which repository it belongs to; a lost password cannot be recovered',
    })
  }
}

export interface NewKey {
  readonly password: string
  readonly hostname: string
  readonly username: string
  readonly kdf?: KdfParameters
}

/** Wraps the master key under a password and stores the key file (§4). */
export async function storeKey(
  backend: Backend,
  masterKey: MasterKey,
  { password, hostname, username, kdf = DEFAULT_KDF }: NewKey,
): Promise<KeyId> {
  const salt = randomBytes(SALT_BYTES)
  const userKey = await deriveUserKey(password, salt, kdf)
  const data = new Cipher(userKey).seal(encodeMasterKey(masterKey))
  const created = formatTime(BigInt(Date.now()) * 1_000_000n)
  const content = encodeKeyFile({ created, username, hostname, kdf: 'scrypt', ...kdf, salt, data })
  const id = sha256Id(content)
  await backend.write('key', id, content, { isNamedByContent: true })
  return id
}

/** A stored key file; its name is its hash. */
export async function readKeyFile(backend: Backend, id: KeyId, signal?: AbortSignal): Promise<KeyFile> {
  return decodeKeyFile(await backend.read('key', id, signal ? { signal } : {}))
}

/**
 * Finds the key that the password opens, the hinted one first.
 *
 * @throws {WrongPasswordError}
 */
export async function openKey(
  backend: Backend,
  { password, keyHint, signal }: { password: string; keyHint?: string; signal?: AbortSignal },
): Promise<{ keyId: KeyId; masterKey: MasterKey }> {
  const ids: KeyId[] = []
  for await (const { name } of backend.list('key', signal)) if (isId(name)) ids.push(name)
  ids.sort((a, b) => Number(startsWith(b, keyHint)) - Number(startsWith(a, keyHint)))
  let damage: DamagedError | undefined
  for (const keyId of ids.slice(0, MAXIMUM_KEYS_TRIED)) {
    try {
      const file = await readKeyFile(backend, keyId, signal)
      const userKey = await deriveUserKey(password, file.salt, file)
      return { keyId, masterKey: decodeMasterKey(new Cipher(userKey).open(file.data)) }
    } catch (error) {
      if (error instanceof MacMismatchError) continue
      if (!(error instanceof KnownError)) throw error
      // A damaged key file must not hide another one that opens.
      damage ??= new DamagedError(`key ${shortId(keyId)} of ${backend.location} cannot be read: ${error.message}`, {
        hint: `if it is the key of your password, bring keys/${keyId} back from a copy of the repository`,
        cause: error,
      })
    }
  }
  if (damage) throw damage
  throw new WrongPasswordError(backend.location)
}

function startsWith(id: KeyId, hint: string | undefined): boolean {
  return hint !== undefined && hint !== '' && id.startsWith(hint)
}
