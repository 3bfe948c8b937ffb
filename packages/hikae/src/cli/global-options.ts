import { count, flag, list, type OptionValues, value } from './option.ts'
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
    help: 'folder of the repository (repeat for backup and init) [env HIKAE_REPOSITORY]',
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
export const globalOptions = { ...repositoryOptions, ...storageOptions, ...outputOptions }

/** The same, under the headings of help. */
export const globalOptionGroups = {
  repository: { heading: 'Repository', options: repositoryOptions },
  storage: { heading: 'Storage', options: storageOptions },
  output: { heading: 'Output', options: outputOptions },
} as const

export type GlobalOptionGroup = keyof typeof globalOptionGroups

export type GlobalValues = OptionValues<typeof globalOptions>
