import type { Stack } from '../../config/load.ts'
import { ConfigError, type ConfigProblem } from '../../config/problem.ts'
import { stackForms } from '../../config/schema.ts'
import { isTree, type Tree } from '../../config/tree.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { requireStack } from './open-stack.ts'
import { printWarnings } from './warnings.ts'

/** @throws {ConfigError} something is wrong; with `--json` it is in the document that is printed instead */
export async function checkConfiguration(globals: GlobalValues, { env, out }: CommandContext): Promise<ExitCode> {
  try {
    // Without `out`: warnings are part of the result here, and are printed with --quiet too.
    printStack(await requireStack(globals, { env }), out)
    return EXIT.succeeded
  } catch (error) {
    if (!(error instanceof ConfigError) || !out.json) throw error
    const { file, problems } = error
    out.document({ file, fine: false, problems: problems.map((problem) => forPrograms(problem, file)), warnings: [] })
    return EXIT.usage
  }
}

function printStack(stack: Stack, out: Output): void {
  const { file, files, warnings } = stack
  const counts = countsOf(stack.document.tree)
  if (out.json) {
    return out.document({
      file,
      fine: true,
      problems: [],
      warnings: warnings.map((warning) => forPrograms(warning, file)),
      files: files.map(({ path }) => path),
      counts,
    })
  }
  const parts = Object.entries(files.length > 1 ? { ...counts, files: files.length } : counts)
  const summary = parts.map(([what, count]) => `${what}: ${count}`).join(', ')
  out.line(`${printableText(file)} is fine${summary === '' ? '' : ` (${summary})`}`)
  out.flush()
  printWarnings(stack, out)
}

/** How many names or items there are under each key that takes any number of them. */
function countsOf(tree: Tree): Record<string, number> {
  const counts = Object.entries(tree).flatMap(([key, value]) => {
    if (key === 'include') return []
    if (Array.isArray(value)) return [[key, value.length] as const]
    return isTree(value) && takesNames(key) ? [[key, Object.keys(value).length] as const] : []
  })
  return Object.fromEntries(counts)
}

function takesNames(key: string): boolean {
  return stackForms()
    .at([key])
    .some(({ additionalProperties }) => typeof additionalProperties === 'object')
}

function forPrograms({ line, column, at, message, ...problem }: ConfigProblem, stackFile: string): object {
  return { file: problem.file ?? stackFile, line: line ?? null, column: column ?? null, at, message }
}
