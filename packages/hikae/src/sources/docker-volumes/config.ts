import { z } from 'zod'
import { engineSchema } from '../../docker/engine-schema.ts'
import { quiesceSchema } from '../../docker/quiesce/schema.ts'
import { namePattern } from './name-pattern.ts'

const name = z
  .string()
  .regex(/^[\w.*?[\]-]+$/, {
    error: 'names of volumes have letters, digits, `_`, `.` and `-`; `*`, `?` and `[a-z]` stand for parts of them',
  })
  .refine(isUnderstood, { error: 'a range in brackets goes from the lower to the higher: [a-z]' })
const label = z.string().regex(/^[^=]+(=.*)?$/s, { error: 'write KEY or KEY=VALUE' })

const fields = z.strictObject({
  engine: engineSchema,
  names: z
    .array(name)
    .min(1)
    .optional()
    .describe(
      'Volumes by their names; `*`, `?` and `[a-z]` stand for parts of names. A name without them has to be there. What `names`, `labels` and `project` mean is added up.',
    )
    .meta({ examples: [['shop_uploads', 'media-*']] }),
  labels: z.array(label).min(1).optional().describe('Volumes that have one of these labels: `KEY`, or `KEY=VALUE`.'),
  project: z.string().min(1).optional().describe('The volumes of this Compose project.'),
  exclude: z
    .array(name)
    .default([])
    .describe('Volumes that are left out, by name or pattern. Those with the label `hikae.exclude=true` always are.'),
  quiesce: quiesceSchema.default('none'),
  acceptLive: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Databases that may be copied while they run, although such a copy may be worth nothing: names of containers or volumes. Without it the run is incomplete.',
    ),
  read: z
    .enum(['auto', 'direct', 'archive'])
    .default('auto')
    .describe(
      'How the files of volumes are reached: `direct` at their place on this host (fast; what has not changed is skipped), `archive` through the Docker Engine (any engine; everything is read each time, times are whole seconds, and attributes other than capabilities are not seen), or `auto`: direct where that is possible. Restores go the same way.',
    ),
})

/** What may stand under `docker-volumes:`. */
export const dockerVolumesConfig = fields.superRefine(({ names, labels, project }, check) => {
  if (names === undefined && labels === undefined && project === undefined) {
    check.addIssue({ code: 'custom', message: 'one of names, labels and project says which volumes are meant' })
  }
})

export type DockerVolumesConfig = z.output<typeof fields>

/** On one line. */
export function describeVolumes({ names = [], labels = [], project }: DockerVolumesConfig): string {
  const parts = [
    ...names,
    ...labels.map((each) => `label ${each}`),
    ...(project === undefined ? [] : [`project ${project}`]),
  ]
  return parts.join(', ')
}

function isUnderstood(pattern: string): boolean {
  try {
    namePattern(pattern)
    return true
  } catch {
    return false
  }
}
