import { z } from 'zod'
import { alertsSchema } from '../alerts/alert-schema.ts'
import { jobSchema } from '../jobs/job-schema.ts'
import { findUnknownNames } from '../jobs/resolve-jobs.ts'
import { commonSourceSchema } from '../jobs/source-schema.ts'
import { timeZoneSchema } from '../schedules/time-zone-schema.ts'
import { maintenanceProblems } from '../maintenance/maintenance-problems.ts'
import { maintenanceSchema } from '../maintenance/maintenance-schema.ts'
import { SOURCE_KINDS } from '../sources/kinds.ts'
import { discoverSchema } from './discover-schema.ts'
import { nameSchema } from './name-schema.ts'
import { repositorySchema } from './repository-schema.ts'
import type { JsonSchema } from './json-schema.ts'
import { SchemaForms } from './schema-forms.ts'
import { sourcesSchema } from './sources-schema.ts'

const keys = z.strictObject({
  version: z
    .literal(1, {
      error: ({ input }) =>
        input === undefined ? 'this is missing: write version: 1' : 'this version of Hikae reads version: 1',
    })
    .describe('which version of this format the file is written in'),
  stack: nameSchema
    .optional()
    .describe('what the whole is called; snapshots carry the name')
    .meta({ examples: ['shop'] }),
  include: z
    .array(z.string().min(1))
    .optional()
    .describe('other files that belong to the stack: paths and patterns, from the folder of the file that names them')
    .meta({ examples: [['databases.yaml', 'stacks/*.yaml']] }),
  repositories: z
    .record(nameSchema, repositorySchema)
    .default({})
    .describe('where backups are stored, by name')
    .meta({ examples: [{ usb: { local: '/mnt/backup/hikae', password: { file: '/etc/hikae/password' } } }] }),
  sources: sourcesSchema(SOURCE_KINDS, commonSourceSchema).default({}).describe('what is to be protected, by name'),
  discover: discoverSchema.optional().meta({ examples: [{}] }),
  timezone: timeZoneSchema.optional().meta({ examples: ['Asia/Tokyo'] }),
  language: z.enum(['en', 'ja']).default('en').describe('language of alerts: English or Japanese'),
  alerts: alertsSchema.default([]).meta({ examples: [[{ ntfy: { topic: 'shop-backups' } }]] }),
  jobs: z
    .record(nameSchema, jobSchema)
    .default({})
    .describe('what is saved when, where, and for how long, by name')
    .meta({ examples: [{ nightly: { schedule: 'daily at 02:00', keep: { daily: 30 } } }] }),
  maintenance: maintenanceSchema
    .prefault({})
    .meta({ examples: [{ check: 'weekly', readData: '5%', prune: 'weekly' }] }),
})

/** The whole of `hikae.yaml`. */
export const stackSchema = keys.superRefine((config, context) => {
  for (const { path, message } of [...findUnknownNames(config), ...maintenanceProblems(config)]) {
    context.addIssue({ code: 'custom', path: [...path], message })
  }
})

export type StackConfig = z.output<typeof stackSchema>

let forms: SchemaForms | undefined

/** What {@link stackSchema} says, place by place; worked out when it is first needed. */
export function stackForms(): SchemaForms {
  forms ??= new SchemaForms(stackSchema)
  return forms
}

/** JSON Schema of the stack file, draft 2020-12, for editors. */
export function stackJsonSchema(): JsonSchema {
  const { $schema, ...schema } = stackForms().root
  const title = 'Hikae stack file'
  return { ...($schema === undefined ? {} : { $schema }), title, ...schema }
}
