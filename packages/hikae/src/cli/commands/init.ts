import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { ownIdentity } from '../../identity.ts'
import { flag, type OptionValues, value } from '../option.ts'
import { printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { addressOf } from '../../repositories/location.ts'
import { type ChosenRepository, chooseRepositories, labelOf } from '../repository/choose.ts'
import { readNewPassword } from '../repository/password.ts'
import { openBackend, openChosen } from '../repository/session.ts'
import { chooseSource, sourceRepositoryOptions } from '../repository/source-repository.ts'
import { oneOf } from '../values/choice.ts'

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
}

export const init = command({
  name: 'init',
  group: 'Save',
  summary: 'Create one or more repositories',
  description:
    'A repository is encrypted with a password. Keep the password in a second place: without it, nobody can read the backups, ' +
    'and nobody can reset it.\n' +
    'Repositories that are created in one go cut content alike, so that one backup can be stored in all of them at the cost of one.',
  arguments: [],
  options,
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['init --repo /mnt/usb/hikae', 'asks for a new password'],
    ['init -r /mnt/usb/hikae -r /mnt/nas/hikae -p /etc/hikae/password', 'two repositories with one password'],
  ],
  async run({ options: given, globals }, context) {
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
