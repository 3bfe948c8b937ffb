import type { MasterKey } from '../crypto/cipher.ts'
import { DamagedError } from '../errors.ts'
import { bytesField, fieldsOf, numberField, parseFields, textField } from '../json/fields.ts'
import { encodeGoString } from '../json/go-string.ts'

/** A file of `keys/` (§4): the master key, wrapped with a key that is derived from a password. */
export interface KeyFile {
  /** RFC 3339. */
  readonly created: string
  readonly username: string
  readonly hostname: string
  readonly kdf: 'scrypt'
  readonly N: number
  readonly r: number
  readonly p: number
  /** 64 bytes. */
  readonly salt: Uint8Array
  /** The encrypted unit that holds the master key's JSON. */
  readonly data: Uint8Array
}

const SALT_BYTES = 64
const MAX_U32 = 0xffff_ffff
/** More memory than this is refused: the parameters come from a file that nothing vouches for. */
const MAX_KDF_MEMORY = 1024 ** 3

/** The file's content, on one line as restic writes it. */
export function encodeKeyFile(file: KeyFile): Buffer {
  return Buffer.from(
    `{"created":${encodeGoString(file.created)},"username":${encodeGoString(file.username)}` +
      `,"hostname":${encodeGoString(file.hostname)},"kdf":"${file.kdf}","N":${file.N},"r":${file.r},"p":${file.p}` +
      `,"salt":"${base64(file.salt)}","data":"${base64(file.data)}"}`,
  )
}

/**
 * @param content the file as it is stored
 * @throws {DamagedError} not a key file, or parameters that scrypt does not have or that need more than 1 GiB
 */
export function decodeKeyFile(content: Uint8Array): KeyFile {
  const fields = parseFields(content, 'the key file')
  const kdf = textField(fields['kdf'], 'the key derivation of the key file')
  if (kdf !== 'scrypt') {
    throw new DamagedError(`the key file uses ${JSON.stringify(kdf)} to derive keys; only scrypt is understood`)
  }
  const file: KeyFile = {
    created: textField(fields['created'], 'the date of the key file'),
    username: textField(fields['username'], 'the user name of the key file'),
    hostname: textField(fields['hostname'], 'the host name of the key file'),
    kdf,
    N: numberField(fields['n'], 'N in the key file', MAX_U32),
    r: numberField(fields['r'], 'r in the key file', MAX_U32),
    p: numberField(fields['p'], 'p in the key file', MAX_U32),
    salt: bytesField(fields['salt'], 'the salt in the key file'),
    data: bytesField(fields['data'], 'the data in the key file'),
  }
  checkParameters(file)
  return file
}

function checkParameters({ N, r, p, salt }: KeyFile): void {
  const shown = `N=${N}, r=${r}, p=${p} in the key file`
  if (N < 2 || !Number.isInteger(Math.log2(N))) throw new DamagedError(`${shown}: N must be a power of two above 1`)
  if (r < 1 || p < 1 || r * p >= 2 ** 30) throw new DamagedError(`${shown}: r and p must be at least 1, r·p below 2^30`)
  if (128 * N * r > MAX_KDF_MEMORY) throw new DamagedError(`${shown}: scrypt would need more than 1 GiB of memory`)
  if (salt.length !== SALT_BYTES) {
    throw new DamagedError(`the salt in the key file has ${salt.length} bytes instead of ${SALT_BYTES}`)
  }
}

/** The JSON that the key file's `data` holds encrypted. */
export function encodeMasterKey(key: MasterKey): Buffer {
  const mac = `{"k":"${base64(key.macK)}","r":"${base64(key.macR)}"}`
  return Buffer.from(`{"mac":${mac},"encrypt":"${base64(key.encrypt)}"}`)
}

/** @throws {DamagedError} not a master key, or one with a part that is all zero, which no program makes */
export function decodeMasterKey(json: Uint8Array): MasterKey {
  const fields = parseFields(json, 'the master key')
  const mac = fieldsOf(fields['mac'], 'the authentication part of the master key')
  return {
    encrypt: keyPart(fields['encrypt'], 32),
    macK: keyPart(mac['k'], 16),
    macR: keyPart(mac['r'], 16),
  }
}

function keyPart(value: unknown, length: number): Buffer {
  const bytes = bytesField(value, 'a part of the master key')
  if (bytes.length !== length) {
    throw new DamagedError(`a part of the master key has ${bytes.length} bytes instead of ${length}`)
  }
  if (bytes.every((byte) => byte === 0)) throw new DamagedError('a part of the master key is all zero')
  return bytes
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
