import { count, flag, list, type OptionValues, value } from './option.ts'
import { parseExtendedOption } from '../repositories/extended-options.ts'
import { oneOf } from './values/choice.ts'
import { parseDuration } from './values/duration.ts'
import { wholeNumber } from './values/number.ts'
import { anyText } from './values/text.ts'

const COMPRESSION_MODES = ['auto', 'off', 'fastest', 'better', 'max'] as const

/** Which repository, and how to open it. */
const repositoryOptions = {
  repo: list({
    short: 'r',
    placeholder: 'REPOSITORY',
    parse: anyText,
    completes: 'directory',
    help: 'address of the repository, or its name in hikae.yaml (repeat for backup and init) [env HIKAE_REPOSITORY]',
  }),
  repositoryFile: value({
    placeholder: 'FILE',
    parse: anyText,
    completes: 'file',
    help: 'file that names the repository [env HIKAE_REPOSITORY_FILE]',
  }),
  passwordFile: list({
    short: 'p',
    placeholder: 'FILE',
    parse: anyText,
    completes: 'file',
    help: 'file with the password; one for all repositories, or one each in the same order [env HIKAE_PASSWORD_FILE]',
  }),
  passwordCommand: value({
    placeholder: 'COMMAND',
    parse: anyText,
    help: 'shell command that prints the password [env HIKAE_PASSWORD_COMMAND]',
  }),
  insecureNoPassword: flag({ help: 'the repository has the empty password' }),
  keyHint: value({
    placeholder: 'ID',
    parse: anyText,
    env: 'KEY_HINT',
    help: 'key to try first',
  }),
  noLock: flag({ help: 'do not lock the repository while reading it, as on read-only media' }),
  retryLock: value({
    placeholder: 'DURATION',
    parse: parseDuration,
    help: 'wait so long for a locked repository, for instance 5m',
  }),
}

/** How to reach what is not on this machine. */
const connectionOptions = {
  config: value({
    placeholder: 'FILE',
    parse: anyText,
    completes: 'file',
    help: 'stack file that names repositories (default hikae.yaml here, then in /etc/hikae) [env HIKAE_CONFIG]',
  }),
  option: list({
    short: 'o',
    placeholder: 'NAME=VALUE',
    parse: parseExtendedOption,
    help: 'setting of a backend, as -o s3.region=eu-central-1 or -o sftp.client=builtin',
  }),
  limitUpload: value({ placeholder: 'KIB', parse: wholeNumber(1, 1e9), help: 'send at most so many KiB per second' }),
  limitDownload: value({
    placeholder: 'KIB',
    parse: wholeNumber(1, 1e9),
    help: 'receive at most so many KiB per second',
  }),
  cacert: list({
    placeholder: 'FILE',
    parse: anyText,
    completes: 'file',
    env: 'CACERT',
    help: 'file with certificate authorities to trust besides the usual ones',
  }),
  tlsClientCert: value({
    placeholder: 'FILE',
    parse: anyText,
    completes: 'file',
    env: 'TLS_CLIENT_CERT',
    help: 'file with the certificate and key that a server asks for',
  }),
  insecureTls: flag({ help: 'accept any certificate of a server: for trying out only' }),
  cacheDir: value({
    placeholder: 'FOLDER',
    parse: anyText,
    completes: 'directory',
    env: 'CACHE_DIR',
    help: "where to keep what is read often of remote repositories (default: restic's cache)",
  }),
  noCache: flag({ help: 'keep nothing' }),
  cleanupCache: flag({ help: 'remove caches that nobody used for 30 days' }),
}

/** How data is stored. */
const storageOptions = {
  compression: value({
    placeholder: 'MODE',
    parse: oneOf(COMPRESSION_MODES),
    choices: COMPRESSION_MODES,
    env: 'COMPRESSION',
    help: `${COMPRESSION_MODES.join(', ')} (default auto)`,
  }),
  packSize: value({
    placeholder: 'MIB',
    parse: wholeNumber(4, 128),
    env: 'PACK_SIZE',
    help: 'how large stored files should be, 4 to 128 (default 16)',
  }),
  noExtraVerify: flag({ help: 'do not check what was compressed and encrypted before it is stored' }),
}

/** How we talk. */
const outputOptions = {
  json: flag({ help: 'print JSON: one document, or one message per line' }),
  quiet: flag({ short: 'q', help: 'print results and problems only' }),
  verbose: count({ short: 'v', help: 'say more; twice: name every file' }),
}

/** Understood before and after the name of any command, as restic does. */
export const globalOptions = { ...repositoryOptions, ...connectionOptions, ...storageOptions, ...outputOptions }

/** The same, under the headings of help. */
export const globalOptionGroups = {
  repository: { heading: 'Repository', options: repositoryOptions },
  connection: { heading: 'Connection', options: connectionOptions },
  storage: { heading: 'Storage', options: storageOptions },
  output: { heading: 'Output', options: outputOptions },
} as const

export type GlobalOptionGroup = keyof typeof globalOptionGroups

export type GlobalValues = OptionValues<typeof globalOptions>
