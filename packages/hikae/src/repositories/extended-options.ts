import { nearest } from '../nearest.ts'
import { UsageError } from '../errors.ts'
import type { RepositoryLocation } from './location.ts'

/** One `-o kind.name=value`. */
export interface ExtendedOption {
  readonly kind: string
  readonly name: string
  readonly value: string
}

type Fields = Readonly<Record<string, unknown>>

/** By kind and name, restic's names first: what the value changes in a location. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, (value: string, option: string) => Fields>>>> = {
  s3: {
    connections,
    region: (region) => ({ region }),
    'storage-class': (storageClass) => ({ storageClass }),
    'bucket-lookup': (value, option) => ({
      addressing: oneOf(value, option, { auto: 'auto', dns: 'virtual', path: 'path' }),
    }),
    'list-objects-v1': (value, option) => ({
      listObjectsV1: oneOf(value, option, { true: 'yes', false: 'no' }) === 'yes',
    }),
  },
  sftp: {
    connections,
    command: (value) => ({ command: words(value) }),
    args: (value) => ({ sshArguments: words(value) }),
    client: (value, option) => ({ client: oneOf(value, option, { system: 'system', builtin: 'builtin' }) }),
  },
  rest: { connections },
  rclone: {
    connections,
    program: (value) => ({ program: words(value) }),
    args: (value) => ({ arguments: words(value) }),
  },
  local: {},
}

/**
 * `s3.region=eu-central-1`
 *
 * @throws {UsageError} no such option; the message names the nearest
 */
export function parseExtendedOption(text: string): ExtendedOption {
  const match = /^([\w-]+)\.([\w-]+)=(.*)$/s.exec(text.trim())
  if (!match)
    throw new UsageError(`'${text}' is not an option of a backend`, { hint: 'write -o s3.region=eu-central-1' })
  const [, kind = '', name = '', value = ''] = match
  if (OPTIONS[kind]?.[name]) return { kind, name, value }
  const known = Object.entries(OPTIONS).flatMap(([kind, names]) => Object.keys(names).map((name) => `${kind}.${name}`))
  const meant = nearest(`${kind}.${name}`, known)
  throw new UsageError(`there is no backend option ${kind}.${name}`, {
    hint: meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`,
  })
}

/** The location with the options for its kind in place; those for other kinds are for other repositories. */
export function withExtendedOptions<L extends RepositoryLocation>(location: L, options: readonly ExtendedOption[]): L {
  const changes = options
    .filter(({ kind }) => kind === location.kind)
    .map(({ kind, name, value }) => OPTIONS[kind]![name]!(value, `${kind}.${name}`))
  return Object.assign({}, location, ...changes) as L
}

function connections(value: string, option: string): Fields {
  const count = Number(value)
  if (Number.isInteger(count) && count >= 1 && count <= 1000) return { connections: count }
  throw new UsageError(`${option} is not a number from 1 to 1000`)
}

function oneOf(value: string, option: string, meanings: Readonly<Record<string, string>>): string {
  const meaning = meanings[value]
  if (meaning !== undefined) return meaning
  throw new UsageError(`${option} is one of ${Object.keys(meanings).join(', ')}`)
}

/** Words as a shell splits them, with quotes and backslashes, but with nothing expanded. */
function words(text: string): string[] {
  const found = text.match(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs) ?? []
  return found.map((word) =>
    word.replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_, escaped: string, double?: string, single?: string) =>
      double === undefined ? (single ?? escaped) : double.replace(/\\(["\\$`])/g, '$1'),
    ),
  )
}
