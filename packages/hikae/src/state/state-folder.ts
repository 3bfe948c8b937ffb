import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import type { Environment } from '../environment.ts'

/**
 * Where the state of a stack lies: `~/.local/state/hikae/stacks/NAME-HASH`, or below XDG_STATE_HOME, beside what is
 * remembered of repositories.
 *
 * The path of the stack file decides, and not the name in it. A second stack file of the same name, as a copy for trying
 * things out is, then has a history of its own, and never lends the first one its good runs. The state is found also when
 * the file makes no sense at the moment. A file that is moved begins a new history; renaming the folder keeps the old one.
 *
 * @param home of the user
 * @param stackFile its absolute path, without links
 */
export function stateFolder({ env, home }: { env: Environment; home: string }, stackFile: string): string {
  const state = env['XDG_STATE_HOME'] || join(home, '.local', 'state')
  const hash = createHash('sha256').update(stackFile).digest('hex').slice(0, 12)
  return join(state, 'hikae', 'stacks', `${labelOf(stackFile)}-${hash}`)
}

/** For people who look into the folder: the name of the file's folder, or of the file when it has one of its own. */
function labelOf(stackFile: string): string {
  const name = basename(stackFile).replace(/\.ya?ml$/i, '')
  const label = name === 'hikae' ? basename(dirname(stackFile)) : name
  return label.replace(/[^\w.-]+/g, '-').slice(0, 40) || 'stack'
}
