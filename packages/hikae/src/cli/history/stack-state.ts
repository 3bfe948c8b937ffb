import { realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { findStackFile } from '../../config/find.ts'
import { errorMessage, UsageError } from '../../errors.ts'
import { isThere } from '../../is-there.ts'
import { openState, type State, type StateOptions } from '../../state/state.ts'
import { stateFolder } from '../../state/state-folder.ts'
import type { Environment } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import type { Output } from '../output/output.ts'
import { printableMessage } from '../output/printable.ts'

/**
 * Where the state of the stack lies that is meant; whether there is any is another question.
 *
 * @throws {UsageError} there is no stack file
 */
export async function stackStateFolder(globals: Pick<GlobalValues, 'config'>, env: Environment): Promise<string> {
  const file = await findStackFile(globals.config, env)
  if (file === undefined) {
    throw new UsageError('there is no stack file here', {
      hint: 'run it in the folder of hikae.yaml, or name the file: --config FILE',
    })
  }
  return stateFolder({ env, home: homedir() }, await realFile(file))
}

/** Opens it to look, and tells of what was lost. @returns undefined when nothing was ever remembered: nothing is made */
export async function openExistingState(
  folder: string,
  options: StateOptions,
  out: Output,
): Promise<State | undefined> {
  if (!(await isThere(join(folder, 'state.db')))) return undefined
  const state = openState(folder, options)
  for (const warning of state.warnings) out.warn(printableMessage(warning))
  return state
}

async function realFile(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    throw new UsageError(`cannot find the stack file ${file}: ${errorMessage(error)}`, { cause: error })
  }
}
