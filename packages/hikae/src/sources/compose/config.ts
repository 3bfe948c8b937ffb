import { z } from 'zod'
import { engineSchema } from '../../docker/engine-schema.ts'
import { quiesceSchema } from '../../docker/quiesce/schema.ts'

const path = z
  .string()
  .min(1)
  .refine((text) => !text.includes('\0'), { error: 'a path has no zero byte' })
const list = z.array(z.string().min(1)).default([])

const fields = z.strictObject({
  engine: engineSchema,
  project: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the project; it has containers, running or not, which say where its files are.')
    .meta({ examples: ['shop'] }),
  file: z
    .union([path, z.array(path).min(1)])
    .optional()
    .describe(
      "The project's Compose file, several of them as `docker compose -f` takes them, or the folder that they are in; instead of `project`, or beside it where the files do not say the name.",
    )
    .meta({ examples: ['/srv/shop'] }),
  include: z
    .array(path)
    .default([])
    .describe(
      "More files and folders that belong to the project, such as what images are built from; relative ones begin at the project's folder.",
    ),
  exclude: list.describe('Patterns of what is left out of files and folders, as `restic --exclude` has them.'),
  binds: z
    .enum(['project', 'all', 'none'])
    .default('project')
    .describe(
      "Which folders and files that services mount from the host are saved: those in the project's folder, `all`, or `none`.",
    ),
  volumes: z
    .boolean()
    .default(true)
    .describe("Whether the project's volumes are saved, also external ones that its services use."),
  excludeVolumes: list.describe('Volumes that are left out, as the engine calls them, or patterns of their names.'),
  images: z.boolean().default(true).describe("Whether the images of the project's containers are saved."),
  quiesce: quiesceSchema.default('none'),
  acceptLive: list.describe(
    'Databases that may be copied while they run, although such a copy may be worth nothing: names of containers or volumes. Without it the run is incomplete.',
  ),
  acceptMissing: list.describe(
    'What may be left out without making the run incomplete: folders of the host that services mount, and `SERVICE:/path` of volumes without a name.',
  ),
})

/** What may stand under `compose:`. */
export const composeConfig = fields.superRefine(({ project, file }, check) => {
  if (project === undefined && file === undefined) {
    check.addIssue({ code: 'custom', message: 'one of project and file says which project is meant' })
  }
})

export type ComposeConfig = z.output<typeof fields>

/** On one line. */
export function describeProject({ project, file }: ComposeConfig): string {
  return project ?? [file].flat().join(', ')
}
