import { InputError, systemCode, UsageError } from '../../errors.ts'
import { runProgram, startProgram } from '../../process/program.ts'
import { ProgramFailedError } from '../../process/program-failed-error.ts'

/** Who can read an encrypted export, and the program that makes it so. */
export interface Recipients {
  readonly program: 'age' | 'gpg'
  /** Public keys or what names them. */
  readonly names: readonly string[]
}

const PACKAGES = { age: 'age', gpg: 'gnupg' } as const

/** @throws {UsageError} it is empty, or a secret that is now in the history of a shell */
export function parseRecipient(text: string): string {
  if (text.trim() === '') throw new UsageError('the recipient is empty')
  if (!/^AGE-(?:SECRET-KEY|PLUGIN)-/i.test(text)) return text
  throw new UsageError('this is the secret key, which only decrypts', {
    hint: 'give the public key, which begins with age1: `age-keygen -y KEYFILE` prints it; make a new pair if others can see this line',
  })
}

/** @returns undefined when nobody is named @throws {UsageError} both programs are asked for */
export function chooseRecipients(age: readonly string[], gpg: readonly string[]): Recipients | undefined {
  if (age.length > 0 && gpg.length > 0) {
    throw new UsageError('only one of --age-recipient and --gpg-recipient can be used')
  }
  if (age.length > 0) return { program: 'age', names: age }
  return gpg.length > 0 ? { program: 'gpg', names: gpg } : undefined
}

/** @throws {InputError} the program is not there: better known before anything is read */
export async function requireProgram({ program }: Recipients, signal: AbortSignal): Promise<void> {
  try {
    await runProgram([program, '--version'], { signal })
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ProgramFailedError) || systemCode(error.cause) !== 'ENOENT') throw error
    throw new InputError(`the program ${program}, which encrypts, is not installed`, {
      hint: `install it (apt install ${PACKAGES[program]})`,
      cause: error,
    })
  }
}

/**
 * The content, encrypted. Good only when the end is reached without an error.
 *
 * @throws {ProgramFailedError} the program refused a recipient, or failed @throws what the content throws
 */
export async function* encrypted(
  content: AsyncIterable<Uint8Array>,
  recipients: Recipients,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let trouble: unknown
  const told = (error: unknown): void => void (trouble = error)
  await using running = startProgram(commandOf(recipients), { stdin: watched(content, told), signal })
  yield* running.stdout
  try {
    await running.succeeded()
  } catch (error) {
    throw trouble ?? error
  }
}

/** Tells of what the content itself throws: a program that stops reading throws into whoever feeds it. */
async function* watched(
  content: AsyncIterable<Uint8Array>,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = content[Symbol.asyncIterator]()
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    try {
      return await pieces.next()
    } catch (error) {
      onError(error)
      throw error
    }
  }
  try {
    for (let piece = await next(); !piece.done; piece = await next()) yield piece.value
  } finally {
    await pieces.return?.()
  }
}

/** gpg is told not to compress: it is compressed already. */
function commandOf({ program, names }: Recipients): string[] {
  const recipients = names.flatMap((name) => ['--recipient', name])
  if (program === 'age') return ['age', '--encrypt', ...recipients]
  return [
    'gpg',
    '--batch',
    '--no-tty',
    '--quiet',
    '--encrypt',
    '--compress-algo',
    'none',
    ...recipients,
    '--output',
    '-',
  ]
}
