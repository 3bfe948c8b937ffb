import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { errorMessage } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { ownIdentity } from '../../identity.ts'
import { flag, type OptionValues, value } from '../option.ts'
import { formatTime } from '../output/format.ts'
import { printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { tableLines } from '../output/table.ts'
import { choosePasswordSource, readNewPassword } from '../repository/password.ts'
import { openSession } from '../repository/session.ts'
import { anyText } from '../values/text.ts'

const newKeyOptions = {
  newPasswordFile: value({
    placeholder: 'FILE',
    parse: anyText,
    completes: 'file',
    help: 'file with the new password; without it, it is asked for',
  }),
  newInsecureNoPassword: flag({ help: 'the new password is empty: everybody can read the repository' }),
  user: value({ placeholder: 'NAME', parse: anyText, help: 'whose key it is (default: you)' }),
  host: value({ placeholder: 'HOST', parse: anyText, help: 'where it is used (default: this host)' }),
}

export const keyList = command({
  name: 'key list',
  group: 'Keep house',
  summary: 'List the keys of a repository, one per password',
  arguments: [],
  options: {},
  globals: ['repository', 'connection', 'output'],
  examples: [['key list', 'the key in use has a star']],
  async run({ globals }, context) {
    const { listKeys } = await import('@hikae/engine')
    await using session = await openSession(globals, context, { lock: 'none' })
    const { out, signal } = context
    const keys = await listKeys(session.repository, {
      signal,
      onUnreadable: (id, error) => out.warn(`key ${shortId(id)} cannot be read: ${errorMessage(error)}`),
    })
    if (out.json) {
      out.document(
        keys.map(({ current, id, username, hostname, created }) => ({
          current,
          id,
          userName: username,
          hostName: hostname,
          created: formatTime(created),
        })),
      )
      return EXIT.succeeded
    }
    const columns = [
      { heading: ' ID', cell: (key: (typeof keys)[number]) => (key.current ? '*' : ' ') + shortId(key.id) },
      { heading: 'User', cell: (key: (typeof keys)[number]) => printableText(key.username) },
      { heading: 'Host', cell: (key: (typeof keys)[number]) => printableText(key.hostname) },
      { heading: 'Created', cell: (key: (typeof keys)[number]) => formatTime(key.created) },
    ]
    for (const line of tableLines(columns, keys)) out.line(line)
    return EXIT.succeeded
  },
})

export const keyAdd = command({
  name: 'key add',
  group: 'Keep house',
  summary: 'Add a key: one more password that opens the repository',
  arguments: [],
  options: newKeyOptions,
  globals: ['repository', 'connection', 'output'],
  examples: [['key add --user deputy', 'asks for the new password']],
  async run({ options, globals }, context) {
    const { addKey } = await import('@hikae/engine')
    await using session = await openSession(globals, context, { lock: 'shared' })
    const id = await addKey(session.repository, await newKey(options, context))
    tell(context, { message_type: 'key_added', id }, `added key ${id}`)
    return EXIT.succeeded
  },
})

export const keyRemove = command({
  name: 'key remove',
  group: 'Keep house',
  summary: 'Remove a key: its password opens the repository no more',
  description:
    'Whoever knew the password and kept a copy of the key file can still read the repository: a removed key is no protection ' +
    'against them.',
  arguments: [{ name: 'KEY', help: 'id or beginning of the id', required: true }],
  options: {},
  globals: ['repository', 'connection', 'output'],
  examples: [['key remove a1eb7282', 'as shown by key list']],
  async run({ globals, args }, context) {
    const { removeKey } = await import('@hikae/engine')
    await using session = await openSession(globals, context, { lock: 'exclusive' })
    const id = await removeKey(session.repository, args[0]!, session.signal)
    tell(context, { message_type: 'key_removed', id }, `removed key ${id}`)
    return EXIT.succeeded
  },
})

export const keyPasswd = command({
  name: 'key passwd',
  group: 'Keep house',
  summary: 'Change the password: add a key and remove the one in use',
  arguments: [],
  options: newKeyOptions,
  globals: ['repository', 'connection', 'output'],
  examples: [['key passwd --new-password-file /etc/hikae/new-password', 'without asking']],
  async run({ options, globals }, context) {
    const { changePassword } = await import('@hikae/engine')
    await using session = await openSession(globals, context, { lock: 'exclusive' })
    const id = await changePassword(session.repository, await newKey(options, context))
    tell(context, { message_type: 'key_changed', id }, `the password is changed; the new key is ${id}`)
    return EXIT.succeeded
  },
})

async function newKey(
  { newPasswordFile, newInsecureNoPassword, user, host }: OptionValues<typeof newKeyOptions>,
  { io }: CommandContext,
): Promise<{ password: string; hostname: string; username: string }> {
  const own = ownIdentity()
  // The environment holds the password in use, not the new one.
  const source = choosePasswordSource(
    { passwordFile: newPasswordFile, insecureNoPassword: newInsecureNoPassword, passwordCommand: undefined },
    {},
  )
  return {
    password: await readNewPassword(source, 'new password', io),
    hostname: host ?? own.hostname,
    username: user ?? own.username,
  }
}

function tell({ out }: CommandContext, json: object, text: string): void {
  if (out.json) out.document(json)
  else out.line(text)
}
