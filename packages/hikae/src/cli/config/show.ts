import { stringify } from 'yaml'
import { shownConfiguration } from '../../config/shown-configuration.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { printableMessage } from '../output/printable.ts'
import { requireStack } from './open-stack.ts'

/** @throws {ConfigError} what makes no sense is not in force */
export async function showConfiguration(globals: GlobalValues, { env, out }: CommandContext): Promise<ExitCode> {
  const { document } = await requireStack(globals, { env, out })
  const shown = shownConfiguration(document, env)
  if (out.json) out.document(shown)
  else out.part(printableMessage(stringify(shown, { lineWidth: 0, aliasDuplicateObjects: false })))
  return EXIT.succeeded
}
