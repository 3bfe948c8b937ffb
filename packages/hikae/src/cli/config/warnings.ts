import type { Stack } from '../../config/load.ts'
import { describeProblem } from '../../config/problem.ts'
import type { Output } from '../output/output.ts'
import { printableMessage } from '../output/printable.ts'

export function printWarnings({ file, warnings }: Pick<Stack, 'file' | 'warnings'>, out: Output): void {
  for (const warning of warnings) out.warn(printableMessage(describeProblem(warning, file)))
}
