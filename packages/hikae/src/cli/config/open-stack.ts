import type { Stack } from '../../config/load.ts'
import { UsageError } from '../../errors.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'

/** The parts of a command's context that opening the stack file takes; without `out`, nothing is said of it. */
export type StackContext = Pick<CommandContext, 'env'> & Partial<Pick<CommandContext, 'out'>>

/** By the options of a command's run: whoever asks again during the run is given the same. */
const opened = new WeakMap<GlobalValues, Promise<Stack | undefined>>()

/**
 * The stack file that is named, or lies in a usual place; undefined when there is none. It is read once in the run of a
 * command, and what should be otherwise in it is said once, unless `--quiet` asks for results and problems only.
 *
 * @throws {ConfigError} it makes no sense
 */
export function openStack(globals: GlobalValues, context: StackContext): Promise<Stack | undefined> {
  const known = opened.get(globals)
  if (known) return known
  const stack = open(globals, context)
  opened.set(globals, stack)
  return stack
}

/** @throws {UsageError} there is none @throws {ConfigError} it makes no sense */
export async function requireStack(globals: GlobalValues, context: StackContext): Promise<Stack> {
  const stack = await openStack(globals, context)
  if (stack) return stack
  throw new UsageError('there is no stack file', {
    hint: 'write hikae.yaml here or in /etc/hikae, or name another file with --config',
  })
}

async function open({ config, quiet }: GlobalValues, { env, out }: StackContext): Promise<Stack | undefined> {
  const { findStackFile } = await import('../../config/find.ts')
  const file = await findStackFile(config, env)
  if (file === undefined) return undefined
  const { loadStack } = await import('../../config/load.ts')
  const stack = await loadStack(file, env)
  if (quiet || out === undefined) return stack
  const { printWarnings } = await import('./warnings.ts')
  printWarnings(stack, out)
  return stack
}
