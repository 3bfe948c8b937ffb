import { z } from 'zod'
import { durationSchema } from '../duration.ts'
import { channelKinds } from './channels.ts'
import type { DigestInterval } from './digest-period.ts'

const DAY_MS = 86_400_000

export const ALERT_OCCASIONS = ['failure', 'incomplete', 'overdue', 'recovery', 'success', 'digest'] as const

/** What a channel can be told of. Reminders go where the first alert went. */
export type AlertOccasion = (typeof ALERT_OCCASIONS)[number]

const FOR_PEOPLE: readonly AlertOccasion[] = ['failure', 'incomplete', 'overdue', 'recovery']
const FOR_MONITORS: readonly AlertOccasion[] = ['failure', 'incomplete', 'overdue', 'success']

/** One of `alerts:`. JSON. */
export interface AlertChannel {
  /** Unique; the history and what is remembered of alerts go by it. */
  readonly name: string
  readonly kind: string
  /** Where it stands in the stack file: `alerts[1].discord`. */
  readonly place: string
  readonly on: readonly AlertOccasion[]
  /** Only these; all when absent. */
  readonly jobs?: readonly string[]
  readonly sources?: readonly string[]
  /** Null: no reminders. */
  readonly reminderMs: number | null
  /** Null: no digest. */
  readonly digest: DigestInterval | null
  /** As the kind's own schema gave them. */
  readonly settings: unknown
}

const names = z.array(z.string().min(1)).min(1).optional()
const KINDS = channelKinds.map(({ kind }) => kind)

/** One key for each kind, of which one is there. */
const channelFields = Object.fromEntries(channelKinds.map(({ kind, settings }) => [kind, settings.optional()]))

const optionFields = {
  name: z.string().min(1).optional().describe('for the history; by default the kind of the channel'),
  on: z
    .array(z.enum(ALERT_OCCASIONS))
    .optional()
    .describe(
      'when to send; by default failure, incomplete, overdue and recovery; for ping success instead of recovery',
    ),
  jobs: names.describe('only for these jobs'),
  sources: names.describe('only for these sources'),
  reminder: z
    .union([z.literal(false), durationSchema])
    .default(DAY_MS)
    .describe('time before the first reminder of what still lasts; each is twice as late, up to a week; false: none'),
  digest: z
    .enum(['daily', 'weekly', 'monthly'])
    .optional()
    .describe('how often a digest is sent, at 8 o’clock, on Mondays or on the first; weekly when `on` has digest'),
}

type AlertItem = Omit<AlertChannel, 'name' | 'place'> & { readonly name: string | undefined }

const alertItem = z
  .strictObject({ ...channelFields, ...optionFields })
  .describe('where alerts are sent, and which')
  .transform((given, context): AlertItem => {
    const fields: Readonly<Record<string, unknown>> = given
    const kinds = channelKinds.filter(({ kind }) => fields[kind] !== undefined)
    const [found] = kinds
    if (!found || kinds.length > 1) {
      const seen = found ? `there are ${kinds.map(({ kind }) => kind).join(' and ')}` : 'none is there'
      context.addIssue({ code: 'custom', message: `an alert goes to one of ${KINDS.join(', ')}: ${seen}` })
      return z.NEVER
    }
    const { name, on, jobs, sources, reminder, digest } = given
    const occasions = on ?? (found.audience === 'people' ? FOR_PEOPLE : FOR_MONITORS)
    return {
      name,
      kind: found.kind,
      on: occasions,
      ...(jobs && { jobs }),
      ...(sources && { sources }),
      reminderMs: reminder === false ? null : reminder,
      digest: digest ?? (occasions.includes('digest') ? 'weekly' : null),
      settings: fields[found.kind],
    }
  })

/** `alerts:` of the stack file. */
export const alertsSchema = z
  .array(alertItem)
  .transform((items, context): AlertChannel[] => {
    const taken = new Set(items.flatMap(({ name }) => name ?? []))
    const given = items.map(({ name }) => name)
    return items.map((item, index) => {
      if (item.name !== undefined && given.indexOf(item.name) < index) {
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `there are two alerts named ${item.name}` })
      }
      const name = item.name ?? freeName(item.kind, taken)
      taken.add(name)
      return { ...item, name, place: `alerts[${index}].${item.kind}` }
    })
  })
  .describe('who is told when something is wrong')

function freeName(kind: string, taken: ReadonlySet<string>): string {
  if (!taken.has(kind)) return kind
  let number = 2
  while (taken.has(`${kind}-${number}`)) number++
  return `${kind}-${number}`
}
