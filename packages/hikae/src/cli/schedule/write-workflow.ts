import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { errorMessage, systemCode, UsageError } from '../../errors.ts'
import { isThere } from '../../is-there.ts'
import { workflowMark, workflowText } from '../../schedules/install/workflow.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { Output } from '../output/output.ts'
import { programVersion } from '../version.ts'
import type { InstallOptions } from './install.ts'
import type { ScheduledStack } from './jobs-of-stack.ts'

/** To standard output, or into a file that is not somebody else's. */
export async function writeWorkflow(
  { name, config, jobs, variables }: ScheduledStack,
  { output, dryRun }: Pick<InstallOptions, 'output' | 'dryRun'>,
  out: Output,
): Promise<ExitCode> {
  const version = programVersion()
  const text = workflowText({
    stack: name,
    jobs,
    config: await pathInRepository(config),
    version,
    variables,
    now: new Date(),
  })
  if (out.json) out.document({ message_type: 'workflow', path: output ?? null, text })
  else if (output === undefined || dryRun) out.part(text)
  if (output === undefined || dryRun) return EXIT.succeeded
  const before = await readIfThere(output)
  if (before === text) {
    out.note('Nothing has to be done.')
    return EXIT.succeeded
  }
  if (before !== undefined && !before.startsWith(`${workflowMark(name)}\n`)) {
    throw new UsageError(`${output} is there already, and is not from hikae for the stack ${name}`, {
      hint: 'name another file; nothing was done',
    })
  }
  await mkdir(dirname(output), { recursive: true })
  await writeFile(output, text)
  out.note(`wrote ${output}`)
  return EXIT.succeeded
}

/** From the root of the git repository that the file is in; its name when there is none. */
async function pathInRepository(file: string): Promise<string> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (await isThere(join(folder, '.git'))) return relative(folder, file)
    if (folder === dirname(folder)) return relative(dirname(file), file)
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw new UsageError(`cannot read ${path}: ${errorMessage(error)}`, { cause: error })
  }
}
