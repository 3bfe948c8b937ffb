import { z } from 'zod'
import { configDocument, networkDocument, secretDocument, serviceDocument, settingsDocument } from '../documents.ts'

const labels = z.record(z.string(), z.string())
const config = z.object({
  document: configDocument,
  /** Base64, as the Engine's API has it. */
  data: z.string(),
})

/**
 * One thing of a swarm that becomes another: `before` is what is there now, null for nothing. It can be written down, so
 * values of secrets are not in it.
 */
export const changeSchema = z.discriminatedUnion('object', [
  z.object({
    object: z.literal('settings'),
    name: z.literal('swarm'),
    before: settingsDocument,
    after: settingsDocument,
  }),
  /** Labels only. The name is that of the host; ids are of one swarm. */
  z.object({ object: z.literal('node'), name: z.string(), id: z.string(), before: labels, after: labels }),
  z.object({
    object: z.literal('network'),
    name: z.string(),
    before: networkDocument.nullable(),
    after: networkDocument.nullable(),
  }),
  z.object({ object: z.literal('config'), name: z.string(), before: config.nullable(), after: config.nullable() }),
  z.object({ object: z.literal('secret'), name: z.string(), before: z.null(), after: secretDocument }),
  z.object({
    object: z.literal('service'),
    name: z.string(),
    before: serviceDocument.nullable(),
    after: serviceDocument.nullable(),
  }),
])

export type Change = z.output<typeof changeSchema>
export type ChangeOf<Kind extends Change['object']> = Extract<Change, { object: Kind }>
export type SavedConfig = NonNullable<ChangeOf<'config'>['after']>

/** For messages: `the service web`. */
export function titleOf({ object, name }: Pick<Change, 'object' | 'name'>): string {
  return object === 'settings' ? 'the settings of the swarm' : `the ${object} ${name}`
}

/** Names of those of one kind that are made anew. */
export function createdOf(changes: readonly Change[], kind: Change['object']): string[] {
  return changes.filter(({ object, before }) => object === kind && before === null).map(({ name }) => name)
}

/** What takes changes back, the last first. Secrets stay: what is in them would be lost. */
export function inverse(changes: readonly Change[]): Change[] {
  return changes.toReversed().flatMap((change) => {
    if (change.object === 'secret') return []
    return [{ ...change, before: change.after, after: change.before } as Change]
  })
}
