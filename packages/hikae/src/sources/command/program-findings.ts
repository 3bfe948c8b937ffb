import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, resolve } from 'node:path'
import { errorMessage } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import type { CommandConfig } from './config.ts'
import { readSurroundings, workingFolder } from './surroundings.ts'

/** Whether the programs are there, the folder they run in, and their secrets. None of them is started. */
export async function programFindings(config: CommandConfig, context: SourceContext): Promise<readonly Finding[]> {
  const cwd = workingFolder(config, context)
  if (!(await isFolder(cwd))) {
    const message = `${cwd}, where the programs of ${context.source} are to run, is not a folder`
    return [{ severity: 'error', message, hint: 'correct `cwd:`, or make the folder' }]
  }
  const findings: Finding[] = []
  try {
    const { env } = await readSurroundings(config, context)
    for (const key of ['run', 'restore', 'verify'] as const) {
      const program = config[key]?.[0]
      if (program === undefined || (await canRun(program, cwd, env['PATH']))) continue
      const severity = key === 'run' ? 'error' : 'warning'
      const message = `${program}, which ${context.source} is to ${key}, is not there or cannot be run`
      findings.push({ severity, message, hint: 'install it, or write its full path' })
    }
  } catch (error) {
    context.signal.throwIfAborted()
    findings.push({ severity: 'error', message: errorMessage(error) })
  }
  return findings
}

async function canRun(program: string, cwd: string, searchPath = ''): Promise<boolean> {
  const folders = program.includes('/') ? [cwd] : searchPath.split(delimiter).map((folder) => resolve(cwd, folder))
  for (const folder of folders) if (await isProgram(resolve(folder, program))) return true
  return false
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    async () => (await stat(path)).isFile(),
    () => false,
  )
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
