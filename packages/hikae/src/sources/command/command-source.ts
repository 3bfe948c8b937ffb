import type { SourceKind } from '../source-kind.ts'
import { type CommandConfig, commandConfig } from './config.ts'
import { openOutput } from './open-output.ts'
import { planOutputRestore } from './plan-output-restore.ts'
import { programFindings } from './program-findings.ts'
import { verifyOutput } from './verify-output.ts'

/** What any program prints, as one file. */
export const commandSource: SourceKind<CommandConfig> = {
  name: 'command',
  config: commandConfig,
  // Its arguments are left out, because they may hold secrets.
  describe: ({ run, name }) => `${name} from ${run[0]}`,
  examine: programFindings,
  open: openOutput,
  planRestore: planOutputRestore,
  verify: verifyOutput,
}
