import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { ParsedKey } from 'ssh2'
import { BackendError } from '../backend.ts'

const USUAL = ['id_ed25519', 'id_ecdsa', 'id_rsa']

export interface PrivateKeys {
  readonly keys: readonly ParsedKey[]
  /** Files that could not be used, and why. */
  readonly unusable: readonly string[]
}

/** Makes a key of the text of a file; an Error when it is none. */
export type ParseKey = (text: string) => ParsedKey | ParsedKey[] | Error

/** The usual keys of the user, as far as they are there and need no passphrase. */
export async function usualKeys(parse: ParseKey): Promise<PrivateKeys> {
  const keys: ParsedKey[] = []
  const unusable: string[] = []
  for (const name of USUAL) {
    const path = join(userInfo().homedir, '.ssh', name)
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const key = firstOf(parse(text))
    if (key instanceof Error) unusable.push(`${path}: ${reasonOf(key)}`)
    else keys.push(key)
  }
  return { keys, unusable }
}

/**
 * Keys that were asked for by name.
 *
 * @throws {BackendError} one cannot be read, or is protected by a passphrase
 */
export async function namedKeys(paths: readonly string[], parse: ParseKey): Promise<PrivateKeys> {
  const keys: ParsedKey[] = []
  for (const path of paths) {
    const key = firstOf(parse(await readKey(path)))
    if (key instanceof Error) {
      throw new BackendError(`the key in ${path} cannot be used: ${reasonOf(key)}`, {
        hint: isEncrypted(key)
          ? `load it into an agent with \`ssh-add ${path}\` and leave it out here, or use a key without a passphrase that is allowed nothing but these backups`
          : 'it must be a private key in the format of OpenSSH or PEM',
      })
    }
    keys.push(key)
  }
  return { keys, unusable: [] }
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new BackendError(`the key in ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'check the path of the key, and that the user who runs this may read it',
      cause: error,
    })
  }
}

function firstOf(parsed: ParsedKey | ParsedKey[] | Error): ParsedKey | Error {
  return Array.isArray(parsed) ? (parsed[0] ?? new Error('no key')) : parsed
}

function isEncrypted(error: Error): boolean {
  return /encrypted|passphrase/i.test(error.message)
}

function reasonOf(error: Error): string {
  return isEncrypted(error) ? 'it is protected by a passphrase' : error.message
}
