import { once } from 'node:events'
import { join } from 'node:path'
import type { SecureVersion } from 'node:tls'
import { isLocalAddress, parseListenAddress } from '../../serve/listen-address.ts'
import type { ServeOptions } from '../../serve/serve-options.ts'
import type { TlsFiles } from '../../serve/tls.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { flag, type OptionValues, value } from '../option.ts'
import { formatQuantity } from '../output/format.ts'
import { printableMessage, printableText } from '../output/printable.ts'
import { oneOf } from '../values/choice.ts'
import { parseSize } from '../../size.ts'
import { someText } from '../values/text.ts'

const TLS_VERSIONS = ['1.2', '1.3'] as const

const DEFAULT_ADDRESS = '127.0.0.1:8000'

const options = {
  path: value({
    placeholder: 'DIR',
    parse: someText,
    completes: 'directory',
    help: 'folder in which the repositories lie (required)',
  }),
  listen: value({
    placeholder: 'ADDRESS',
    parse: parseListenAddress,
    help: `HOST:PORT, :PORT for all addresses, or unix:/path (default ${DEFAULT_ADDRESS})`,
  }),
  htpasswdFile: value({
    placeholder: 'FILE',
    parse: someText,
    completes: 'file',
    help: 'users and hashes of their passwords (default DIR/.htpasswd)',
  }),
  noAuth: flag({ help: 'let everybody who can connect do everything' }),
  appendOnly: flag({ help: 'let nobody remove anything but locks' }),
  privateRepos: flag({ help: 'let users see only what lies below /USER/' }),
  maxSize: value({
    placeholder: 'SIZE',
    parse: parseSize,
    help: 'what all repositories together may hold, for instance 500G',
  }),
  tls: flag({ help: 'encrypt connections' }),
  tlsCert: value({
    placeholder: 'FILE',
    parse: someText,
    completes: 'file',
    help: 'certificate (default DIR/public_key)',
  }),
  tlsKey: value({
    placeholder: 'FILE',
    parse: someText,
    completes: 'file',
    help: 'private key (default DIR/private_key)',
  }),
  tlsMinVer: value({
    placeholder: 'VERSION',
    parse: oneOf(TLS_VERSIONS),
    choices: TLS_VERSIONS,
    help: 'oldest version of TLS, 1.2 or 1.3 (default 1.2)',
  }),
  prometheus: flag({ help: 'show numbers for Prometheus at /metrics' }),
  prometheusNoAuth: flag({ help: 'show them without a password' }),
  groupAccessibleRepos: flag({ help: 'let the group read the files of repositories' }),
  noVerifyUpload: flag({ help: 'do not compare uploads with their names: for very slow machines' }),
  log: value({
    placeholder: 'FILE',
    parse: someText,
    completes: 'file',
    help: 'write a line for each request, in the combined format; - for standard output',
  }),
}

export const serve = command({
  name: 'serve',
  group: 'Keep house',
  summary: 'Serve repositories to others, append-only if wanted',
  description:
    "Speaks restic's REST protocol, so that Hikae and restic can both use it: --repo rest:https://USER@HOST:8000/USER/. The options " +
    "are those of restic's own server. With --append-only, a client, and whoever takes it over, can add backups but remove " +
    'none: forget and prune are then run on the server, in the folder itself.\n' +
    'Runs until it is stopped; requests under way are finished first.',
  arguments: [],
  options,
  globals: ['output'],
  runsUntilStopped: true,
  examples: [
    ['serve --path /srv/hikae --append-only --private-repos', 'for a reverse proxy on this machine'],
    ['serve --path /srv/hikae --append-only --listen :8000 --tls --tls-cert F --tls-key F', 'for a network'],
  ],
  async run({ options: given }, context) {
    const serveOptions = serveOptionsOf(given, context)
    const { serve: start } = await import('../../serve/serve.ts')
    await using server = await start(serveOptions)
    tellListening(server, serveOptions, context)
    if (!context.signal.aborted) await once(context.signal, 'abort')
    context.out.flush()
    return stoppedBy(context.signal)
  },
})

function serveOptionsOf(given: OptionValues<typeof options>, { out }: CommandContext): ServeOptions {
  const { path } = given
  if (path === undefined) throw new UsageError('--path is missing', { hint: 'name the folder of the repositories' })
  if (given.noAuth && given.htpasswdFile !== undefined) throw new UsageError('--no-auth asks for no --htpasswd-file')
  if (given.noAuth && given.privateRepos) throw new UsageError('--private-repos needs users, --no-auth knows none')
  if (given.prometheusNoAuth && !given.prometheus) throw new UsageError('--prometheus-no-auth needs --prometheus')
  const tls = tlsFilesOf(path, given)
  return {
    path,
    listen: given.listen ?? parseListenAddress(DEFAULT_ADDRESS),
    ...(given.noAuth ? {} : { htpasswdFile: given.htpasswdFile ?? join(path, '.htpasswd') }),
    appendOnly: given.appendOnly,
    privateRepositories: given.privateRepos,
    ...(tls ? { tls } : {}),
    ...(given.maxSize === undefined ? {} : { maxBytes: given.maxSize }),
    prometheus: given.prometheus ? (given.prometheusNoAuth ? 'for-everybody' : 'for-users') : 'off',
    verifyUploads: !given.noVerifyUpload,
    groupAccess: given.groupAccessibleRepos,
    ...(given.log === undefined
      ? {}
      : { log: given.log === '-' ? { write: (line) => out.line(line) } : { file: given.log } }),
    onProblem: (problem) => out.warn(printableMessage(problem)),
  }
}

function tlsFilesOf(
  path: string,
  { tls, tlsCert, tlsKey, tlsMinVer }: Pick<OptionValues<typeof options>, 'tls' | 'tlsCert' | 'tlsKey' | 'tlsMinVer'>,
): TlsFiles | undefined {
  if (!tls) {
    if ((tlsCert ?? tlsKey ?? tlsMinVer) !== undefined) throw new UsageError('--tls-… are of use only with --tls')
    return undefined
  }
  return {
    certificate: tlsCert ?? join(path, 'public_key'),
    key: tlsKey ?? join(path, 'private_key'),
    minimumVersion: `TLSv${tlsMinVer ?? '1.2'}` satisfies SecureVersion,
  }
}

function tellListening(
  { address, users }: { readonly address: string; readonly users: number | undefined },
  { path, appendOnly, privateRepositories, tls, listen, htpasswdFile }: ServeOptions,
  { out }: CommandContext,
): void {
  if (!isLocalAddress(listen) && !tls) {
    out.warn('without --tls, passwords travel readable to everybody on the way')
  }
  if (!isLocalAddress(listen) && htpasswdFile === undefined) {
    out.warn('without passwords, everybody who can connect can read and write')
  }
  if (out.json) {
    out.document({
      message_type: 'listening',
      address,
      path,
      append_only: appendOnly,
      private_repos: privateRepositories,
    })
  } else {
    const who = users === undefined ? 'everybody' : formatQuantity(users, 'user')
    const what = appendOnly ? 'append-only' : 'read, add and remove'
    const whose = privateRepositories ? ', each below /USER/' : ''
    out.line(`listening at ${address} for ${who}${whose}: ${what}, in ${printableText(path)}`)
  }
  out.flush()
}

/** SIGTERM is how services are stopped, and no failure; Ctrl-C is, as everywhere, an interruption. */
function stoppedBy({ reason }: AbortSignal): ExitCode {
  if (reason instanceof Error && reason.cause === 'SIGTERM') return EXIT.succeeded
  throw reason
}
