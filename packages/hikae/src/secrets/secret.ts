import type { Environment } from '../environment.ts'
import { InputError } from '../errors.ts'
import { readSecretFile, readSecretFromProgram } from './read-secret.ts'

/** Where a secret is, so that configuration holds none. `literal` is for those who insist, and for addresses. */
export type SecretReference =
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  /** A program and its arguments, without a shell; its output is the secret. */
  | { readonly kind: 'command'; readonly command: readonly string[] }
  | { readonly kind: 'literal'; readonly value: string }

export interface SecretContext {
  readonly env: Environment
  readonly signal: AbortSignal
}

/**
 * @param what for messages: `password of usb`
 * @throws {InputError | UsageError} it is not there, cannot be read, or its program failed; what was read is not repeated
 */
export async function readSecret(reference: SecretReference, what: string, context: SecretContext): Promise<string> {
  switch (reference.kind) {
    case 'literal':
      return reference.value
    case 'env':
      return fromEnvironment(reference.name, what, context.env)
    case 'file':
      return readSecretFile(reference.path, what)
    case 'command':
      return readSecretFromProgram(reference.command, what, context.signal)
  }
}

function fromEnvironment(name: string, what: string, env: Environment): string {
  const value = env[name]
  if (value !== undefined && value !== '') return value
  throw new InputError(`the ${what} is to come from ${name}, which is not set`, {
    hint: `set ${name} in the environment in which hikae runs`,
  })
}
