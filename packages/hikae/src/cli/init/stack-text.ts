import { stringify } from 'yaml'
import { DISCOVER, type ProposedSource } from '../../discovery/finder.ts'
import type { Environment } from '../../environment.ts'
import { addressOf, type RepositoryLocation } from '../../repositories/location.ts'
import type { Place } from './places.ts'

export interface StackChoices {
  readonly stack: string
  readonly timeZone: string
  readonly places: readonly Place[]
  readonly sources: readonly ProposedSource[]
  readonly passwordFile: string
  /** Which variables are set decides what is written about credentials. */
  readonly env: Environment
}

const LONGEST_LIST = 100

/** The text of a stack file, for people to read and go on with. */
export function stackText(choices: StackChoices): string {
  const { stack, timeZone, places, sources } = choices
  return [
    '# What is saved of this stack, when, and where to.',
    '# After a change: hikae config check. How things are: hikae doctor and hikae status.',
    'version: 1',
    `stack: ${flow(stack)}`,
    '# Schedules are meant in this time zone.',
    `timezone: ${flow(timeZone)}`,
    '',
    '# Where backups are stored. Have one in another place, too: object storage, or a machine elsewhere.',
    'repositories:',
    ...places.map(({ name, location }) => `  ${name}: ${flow(repository(location, choices))}`),
    '',
    ...sourceLines(sources.filter(({ kind }) => kind !== DISCOVER)),
    ...sources.filter(({ kind }) => kind === DISCOVER).flatMap(discoverLines),
    '# When, and how long snapshots stay. All sources go to all repositories unless a job names some.',
    'jobs:',
    '  nightly:',
    '    schedule: daily # at 02:00; also for instance: six-hourly, weekly on sunday at 04:30, every 15m',
    '    keep: { daily: 14, weekly: 8, monthly: 12 } # the last good snapshot always stays',
    '    objectives: { rpo: 36h } # hikae status says when the newest snapshot is older',
    '',
    '# Repositories are checked, a part of the data further each time (all of it in 20 weeks), and freed of what nothing needs.',
    'maintenance:',
    '  check: weekly # Sunday at 03:00',
    '  readData: 5%',
    '  prune: weekly',
    '',
  ].join('\n')
}

function sourceLines(sources: readonly ProposedSource[]): string[] {
  if (sources.length === 0) return []
  return [
    '# What is saved. Paths begin at the folder of this file.',
    'sources:',
    ...sources.flatMap(({ name, kind, config, description }) => [
      `  # ${oneLine(description)}`,
      `  ${name}:`,
      `    ${kind}:`,
      ...Object.entries(config).map(([key, value]) => `      ${key}: ${flow(value)}`.replace(': \n', ':\n')),
    ]),
    '',
  ]
}

function discoverLines({ config, description }: ProposedSource): string[] {
  return [
    '# Containers say in their labels what of them is saved, such as hikae.source.NAME.kind=docker-volumes; looked for at each run.',
    `# Now: ${oneLine(description)}`,
    `discover: ${flow(config)}`,
    '',
  ]
}

function repository(location: RepositoryLocation, { env, passwordFile }: StackChoices): object {
  return { ...placeOf(location, env), password: { file: passwordFile } }
}

function placeOf(location: RepositoryLocation, env: Environment): object {
  switch (location.kind) {
    case 'local':
      return { local: location.path, ...(location.disk === undefined ? {} : { disk: location.disk }) }
    case 's3': {
      const { kind: _, ...fields } = location
      const hasKeys = Boolean(env['AWS_ACCESS_KEY_ID'] && env['AWS_SECRET_ACCESS_KEY'])
      const keys = { accessKeyId: { env: 'AWS_ACCESS_KEY_ID' }, secretAccessKey: { env: 'AWS_SECRET_ACCESS_KEY' } }
      return { s3: hasKeys ? { ...fields, ...keys } : fields }
    }
    case 'sftp':
    case 'rest':
    case 'rclone':
      return { [location.kind]: addressOf(location) }
  }
}

/** On one line while it is short, with nothing in it that would be taken for a variable. */
function flow(value: unknown): string {
  const plain = withoutVariables(value)
  const style = { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: !Array.isArray(plain) } as const
  const line = stringify(plain, style).trimEnd()
  if (!Array.isArray(plain) || line.length < LONGEST_LIST) return line
  return plain.map((item) => `\n        - ${stringify(item, style).trimEnd()}`).join('')
}

function withoutVariables(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$')
  if (Array.isArray(value)) return value.map(withoutVariables)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withoutVariables(field)]))
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?')
}
