import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { ownIdentity } from '../../identity.ts'
import { flag, list, type OptionValues, value } from '../option.ts'
import { printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { addressOf } from '../../repositories/location.ts'
import { type ChosenRepository, chooseRepositories, labelOf } from '../repository/choose.ts'
import { readNewPassword } from '../repository/password.ts'
import { openBackend, openChosen } from '../repository/session.ts'
import { chooseSource, sourceRepositoryOptions } from '../repository/source-repository.ts'
import { oneOf } from '../values/choice.ts'
import { someText } from '../values/text.ts'

const VERSIONS = ['1', '2', 'stable', 'latest'] as const

const options = {
  repositoryVersion: value({
    placeholder: 'VERSION',
    parse: oneOf(VERSIONS),
    choices: VERSIONS,
    help: '1, 2, stable or latest; both words mean 2, which compresses',
  }),
  copyChunkerParams: flag({
    help: 'cut content as the repository of --from-repo does, so that copies between the two take little room',
  }),
  ...sourceRepositoryOptions,
  to: list({
    placeholder: 'PLACE',
    parse: someText,
    completes: 'directory',
    help: 'where a new stack keeps its backups: a folder, or the address of a server or bucket (repeat for several)',
  }),
  kit: value({
    placeholder: 'FILE',
    parse: someText,
    completes: 'file',
    help: 'write the recovery kit of a new stack there, with the password in it',
  }),
  yes: flag({ short: 'y', help: 'set up the stack that is proposed, without asking' }),
  dryRun: flag({ short: 'n', help: 'only show what would be made for a new stack' }),
}

export const init = command({
  name: 'init',
  group: 'Save',
  summary: 'Set up a stack, or create repositories only',
  description:
    'Where there is no stack file and no repository is named, looks at what lies in this folder and below, asks what is to be ' +
    'saved and where to, and makes a password file, repositories, a commented hikae.yaml and the recovery kit, which opens the ' +
    'backups on a bare machine: keep it off this one. Nothing is overwritten, and a run that was stopped can be repeated.\n' +
    'With --repo, or with a stack file, creates the repositories that are named there.\n' +
    'A repository is encrypted with a password. Keep the password in a second place: without it, nobody can read the backups, ' +
    'and nobody can reset it.\n' +
    'Repositories that are created in one go cut content alike, so that one backup can be stored in all of them at the cost of one.',
  arguments: [],
  options,
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['init', 'in the folder of an application: proposes and asks'],
    ['init --yes --to /mnt/usb/hikae --kit kit.txt', 'the same without a question'],
    ['init --repo /mnt/usb/hikae', 'asks for a new password'],
    ['init -r /mnt/usb/hikae -r /mnt/nas/hikae -p /etc/hikae/password', 'two repositories with one password'],
  ],
  async run({ options: given, globals }, context) {
    const stackFile = await newStackFile(given, globals, context)
    if (stackFile !== undefined) {
      const { setUp } = await import('../init/set-up.ts')
      return setUp({ ...given, stackFile }, globals, context)
    }
    const { initRepository } = await import('@hikae/engine')
    const chosen = await chooseRepositories(globals, context)
    let chunkerPolynomial = await copiedPolynomial(given, globals, context)
    const passwords = await newPasswords(chosen, context)
    const { hostname, username } = ownIdentity()
    for (const [index, repository] of chosen.entries()) {
      context.signal.throwIfAborted()
      await using backend = await openBackend(repository, context)
      const made = await initRepository(backend, {
        password: passwords[index]!,
        hostname,
        username,
        version: given.repositoryVersion === '1' ? 1 : 2,
        ...(chunkerPolynomial === undefined ? {} : { chunkerPolynomial }),
      })
      chunkerPolynomial = made.chunkerPolynomial
      tellCreated(made.id, repository, context)
    }
    context.out.note()
    context.out.note('Keep the password in a second place: without it the backups cannot be read, by anybody.')
    return EXIT.succeeded
  },
})

/**
 * Where a new stack file goes; undefined when repositories are named already.
 *
 * @throws {UsageError} options of a new stack where there is one, and the other way round
 */
async function newStackFile(
  given: OptionValues<typeof options>,
  globals: GlobalValues,
  { env }: CommandContext,
): Promise<string | undefined> {
  const { whereNewStack } = await import('../init/where-new-stack.ts')
  const file = await whereNewStack(globals, env)
  const forStack = given.to.length > 0 || given.kit !== undefined || given.yes || given.dryRun
  if ('existing' in file) {
    if (!forStack) return undefined
    throw new UsageError(`--to, --kit, --yes and --dry-run set up a new stack, and there is ${file.existing}`, {
      hint: 'leave them out to create its repositories, or run this in another folder',
    })
  }
  const { fromRepo, fromRepositoryFile, repositoryVersion, copyChunkerParams } = given
  if (
    fromRepo !== undefined ||
    fromRepositoryFile !== undefined ||
    repositoryVersion !== undefined ||
    copyChunkerParams
  ) {
    throw new UsageError('no repository is named', { hint: 'add --repo /path/to/repository' })
  }
  return file.stackFile
}

/** One that is typed serves all repositories. */
async function newPasswords(chosen: readonly ChosenRepository[], { io }: CommandContext): Promise<string[]> {
  const passwords: string[] = []
  let typed: string | undefined
  for (const repository of chosen) {
    const { password } = repository
    const question = chosen.length > 1 ? 'new password for all of them' : `new password for ${labelOf(repository)}`
    const read = password.kind === 'ask' && typed !== undefined ? typed : await readNewPassword(password, question, io)
    if (password.kind === 'ask') typed = read
    passwords.push(read)
  }
  return passwords
}

async function copiedPolynomial(
  given: OptionValues<typeof options>,
  globals: GlobalValues,
  context: CommandContext,
): Promise<bigint | undefined> {
  const chosen = await chooseSource(given, globals, context)
  if (!given.copyChunkerParams) {
    if (chosen) throw new UsageError('--from-repo is of use only together with --copy-chunker-params')
    return undefined
  }
  if (!chosen) throw new UsageError('--copy-chunker-params needs --from-repo')
  const { fromKeyHint: keyHint } = given
  await using source = await openChosen(chosen, { ...globals, keyHint }, context, { lock: 'none' })
  return source.repository.config.chunkerPolynomial
}

function tellCreated(id: string, { location }: ChosenRepository, { out }: CommandContext): void {
  const address = addressOf(location)
  if (out.json) out.document({ message_type: 'initialized', id, repository: address })
  else out.line(`created repository ${shortId(id)} at ${printableText(address)}`)
}
