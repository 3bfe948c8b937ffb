import { flag, type OptionValues, value } from '../option.ts'
import { anyText } from '../values/text.ts'
import type { GlobalValues } from '../global-options.ts'
import type { StackContext } from '../config/open-stack.ts'
import { chooseByName, type ChosenRepository, readRepositoryFile } from './choose.ts'
import { choosePasswordSource } from './password.ts'

/** A second repository, which is only read: restic's names. */
export const sourceRepositoryOptions = {
  fromRepo: value({
    placeholder: 'REPOSITORY',
    parse: anyText,
    completes: 'directory',
    env: 'FROM_REPOSITORY',
    help: 'the repository to copy from',
  }),
  fromRepositoryFile: value({
    placeholder: 'FILE',
    parse: anyText,
    completes: 'file',
    env: 'FROM_REPOSITORY_FILE',
    help: 'file that names it',
  }),
  fromPasswordFile: value({ placeholder: 'FILE', parse: anyText, completes: 'file', help: 'file with its password' }),
  fromPasswordCommand: value({
    placeholder: 'COMMAND',
    parse: anyText,
    help: 'shell command that prints its password',
  }),
  fromInsecureNoPassword: flag({ help: 'it has the empty password' }),
  fromKeyHint: value({ placeholder: 'ID', parse: anyText, env: 'FROM_KEY_HINT', help: 'its key to try first' }),
}

/** The repository that these options name; undefined when none does. */
export async function chooseSource(
  given: OptionValues<typeof sourceRepositoryOptions>,
  globals: GlobalValues,
  context: StackContext,
): Promise<ChosenRepository | undefined> {
  const { fromRepo, fromRepositoryFile } = given
  if (fromRepo === undefined && fromRepositoryFile === undefined) return undefined
  const name = fromRepo ?? (await readRepositoryFile(fromRepositoryFile!))
  const password = choosePasswordSource(
    {
      insecureNoPassword: given.fromInsecureNoPassword,
      passwordFile: given.fromPasswordFile,
      passwordCommand: given.fromPasswordCommand,
    },
    context.env,
    { option: 'from-password', variable: 'FROM_PASSWORD' },
  )
  return chooseByName(name, password, globals, context)
}
