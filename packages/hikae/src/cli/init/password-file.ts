import { chmod, mkdir, open, readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Environment } from '../../environment.ts'
import { errorMessage, InputError, systemCode, UsageError } from '../../errors.ts'

/** No letter looks like another, or like a digit: people type this from paper. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'
const GROUPS = 7
const LETTERS_IN_GROUP = 5

/** The password of a stack's repositories, and the file that has it or will have it. */
export interface StackPassword {
  readonly file: string
  readonly value: string
  readonly isNew: boolean
}

/** Where it is by default: root's is with the system's settings. */
export function defaultPasswordFile(env: Environment, uid: number): string {
  if (uid === 0) return '/etc/hikae/password'
  return join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'hikae', 'password')
}

/**
 * Takes the password of the file or, when there is none, makes one up; writes nothing.
 *
 * @param random so many bytes, of the best kind
 * @throws {UsageError} the file cannot be used
 */
export async function planPassword(file: string, random: (size: number) => Uint8Array): Promise<StackPassword> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { file, value: randomPassword(random), isNew: true }
    throw new UsageError(`cannot read the password file ${file}: ${errorMessage(error)}`, {
      hint: 'run this as its owner, or name another file with --password-file',
      cause: error,
    })
  }
  const value = text.trim()
  if (value !== '') return { file, value, isNew: false }
  throw new UsageError(`the password file ${file} is empty`, { hint: 'write a password into it, or remove it' })
}

/** 175 random bits, in groups. */
function randomPassword(random: (size: number) => Uint8Array): string {
  const letters = Array.from(random(GROUPS * LETTERS_IN_GROUP), (byte) => LETTERS[byte % LETTERS.length]!)
  const groups = Array.from({ length: GROUPS }, (_, index) =>
    letters.slice(index * LETTERS_IN_GROUP, (index + 1) * LETTERS_IN_GROUP).join(''),
  )
  return groups.join('-')
}

/** Whether others than its owner may read it. */
export async function isOpenToOthers(file: string): Promise<boolean> {
  return ((await stat(file)).mode & 0o077) !== 0
}

/** @throws {InputError} there is such a file by now, or none can be made */
export async function writeSecretFile(file: string, content: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await using made = await open(file, 'wx', 0o600)
    await made.writeFile(content)
    await made.sync()
    // Whatever the umask takes away, the owner has to read it.
    await chmod(file, 0o600)
  } catch (error) {
    throw new InputError(`cannot write ${file}: ${errorMessage(error)}`, {
      hint: 'choose a file that does not exist, in a folder that you may write to',
      cause: error,
    })
  }
}
