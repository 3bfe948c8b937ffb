import type { ProposedSource } from '../../discovery/finder.ts'
import { addressOf } from '../../repositories/location.ts'
import type { Place } from './places.ts'

export interface KitContent {
  readonly stack: string
  readonly hostname: string
  /** `2026-11-21` */
  readonly date: string
  readonly places: readonly Place[]
  readonly sources: readonly Pick<ProposedSource, 'name'>[]
  /** As it is, or undefined where others look on: the file is named then. */
  readonly password: string | undefined
  readonly passwordFile: string
}

/** Everything that opens the backups on a bare machine, without Hikae. */
export function recoveryKit(content: KitContent): string {
  const { stack, hostname, date, places, sources, password, passwordFile } = content
  const first = shellQuoted(addressOf(places[0]!.location))
  const source = sources.at(-1)?.name
  const tags = [`stack=${stack}`, ...(source === undefined ? [] : [`source=${source}`])].join(',')
  return [
    `Recovery kit of ${stack} on ${hostname}, ${date}`,
    '',
    'Keep this off the machine: on paper, or in a password manager. Whoever has the password and reaches a',
    'repository can read the backups. Without the password nobody can, and nobody can reset it.',
    '',
    'Repositories',
    ...places.flatMap(describePlace),
    '',
    'Password, the same for all of them',
    password === undefined ? `  in ${passwordFile}: write it down here` : `  ${password}`,
    '',
    'On a bare machine, with restic (https://restic.net, 0.14 or newer), which asks for the password:',
    `  restic -r ${first} snapshots`,
    `  restic -r ${first} restore latest --tag ${shellQuoted(tags)} --target restored`,
    `  restic -r ${first} check`,
    ...(sources.length > 1 ? [`Sources: ${sources.map(({ name }) => name).join(', ')}.`] : []),
    'hikae.yaml lies in each snapshot, in .hikae/stack.',
    '',
  ].join('\n')
}

function describePlace({ name, location }: Place): string[] {
  const lines = [`  ${name}: ${addressOf(location)}`]
  if (location.kind === 'local' && location.disk)
    lines.push(`    on the disk with the UUID ${location.disk.uuid}, mounted at ${location.disk.mount}`)
  if (location.kind === 's3')
    lines.push('    needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: write them down here, too')
  if (location.kind === 'sftp') lines.push('    needs a key that may log in there')
  if (location.kind === 'rest') lines.push('    needs RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD if the server asks')
  if (location.kind === 'rclone') lines.push('    needs rclone with its settings (rclone config file)')
  return lines
}

function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
