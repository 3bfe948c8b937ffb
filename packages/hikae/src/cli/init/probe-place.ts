import { isKnownError, UsageError } from '../../errors.ts'
import { addressOf } from '../../repositories/location.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { openBackend } from '../repository/session.ts'
import { backendSettings } from '../repository/settings.ts'
import type { StackPassword } from './password-file.ts'
import type { Place } from './places.ts'

/** A server that does not answer is not what people wait for who answer questions. */
const PATIENCE_MS = 5000

/** What there is where a repository is to be: nothing, or one that an earlier run of this command has made. */
export type PlaceState = { readonly kind: 'empty' } | { readonly kind: 'ours'; readonly chunkerPolynomial: bigint }

/**
 * Looks, and changes nothing.
 *
 * @throws {UsageError} there is a repository with another password
 * @throws what opening the storage throws: the disk is another one, the server does not answer, …
 */
export async function probePlace(
  { location }: Place,
  { value, file }: StackPassword,
  globals: GlobalValues,
  context: CommandContext,
): Promise<PlaceState> {
  const { openRepository } = await import('@hikae/engine')
  const settings = backendSettings(globals, context.env)
  try {
    const backend = await openBackend({ location, settings }, context, { patienceMs: PATIENCE_MS, disk: 'read' })
    await using repository = await openRepository(backend, { password: value, signal: context.signal })
    return { kind: 'ours', chunkerPolynomial: repository.config.chunkerPolynomial }
  } catch (error) {
    if (!isKnownError(error)) throw error
    if (error.code === 'REPOSITORY_MISSING') return { kind: 'empty' }
    if (error.code !== 'WRONG_PASSWORD') throw error
    throw new UsageError(
      `there is a repository at ${addressOf(location)} already, with another password than ${file}`,
      {
        hint: `write its password into ${file} (readable by its owner only), or name another place with --to`,
        cause: error,
      },
    )
  }
}
