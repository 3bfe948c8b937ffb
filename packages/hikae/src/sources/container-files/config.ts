import { posix } from 'node:path'
import { z } from 'zod'
import {
  containerChoiceProblems,
  containerChoiceShape,
  describeContainerChoice,
} from '../../docker/containers/container-choice.ts'
import { engineSchema } from '../../docker/engine-schema.ts'
import { quiesceSchema } from '../../docker/quiesce/schema.ts'

/** What the kernel shows there is no file. */
const NO_FILES = ['/proc', '/sys', '/dev']

const path = z
  .string()
  .regex(/^\//, { error: 'write the whole path in the container, from / on' })
  .refine((text) => !text.includes('\0'), { error: 'a path has no zero byte' })
  .transform((text) => posix.resolve(text))
  .refine((text) => text !== '/', { error: 'name the folders with data: the rest of a container comes from its image' })
  .refine((text) => !NO_FILES.some((folder) => text === folder || text.startsWith(`${folder}/`)), {
    error: 'what is in /proc, /sys and /dev is made by the system, and cannot be saved',
  })

const fields = z.strictObject({
  engine: engineSchema,
  ...containerChoiceShape,
  paths: z
    .array(path)
    .min(1)
    .describe(
      'Files and folders in the container, from `/` on. One that is not there makes the run incomplete. Docker tells times in whole seconds, and no extended attributes but capabilities; sockets are left out.',
    )
    .meta({ examples: [['/app/uploads']] }),
  quiesce: quiesceSchema.default('none'),
  acceptLive: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Databases that may be copied while they run, although such a copy may be worth nothing: names of containers, or paths of this source. Without it the run is incomplete.',
    ),
})

/** What may stand under `container-files:`. */
export const containerFilesConfig = fields.superRefine((choice, check) => {
  const problems = containerChoiceProblems(choice)
  if (choice.container === undefined && choice.service === undefined) {
    problems.push('either container or service says whose files are meant')
  }
  for (const message of problems) check.addIssue({ code: 'custom', message })
})

export type ContainerFilesConfig = z.output<typeof fields>

/** On one line. */
export function describeContainerFiles(config: ContainerFilesConfig): string {
  return `${describeContainerChoice(config)}: ${config.paths.join(', ')}`
}
