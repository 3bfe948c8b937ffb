import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'

const facts = z.record(z.string(), z.unknown())

const factsSchema = z.object({
  project: z.object({
    name: z.string(),
    /** Where its relative paths begin. */
    folder: z.string(),
    /** Those that Compose was given. */
    composeFiles: z.array(z.string()),
    services: z.array(z.object({ name: z.string(), image: z.string().optional() })),
    volumes: z.array(z.object({ key: z.string(), name: z.string(), isExternal: z.boolean() })),
    /** Services that had a running container. */
    running: z.array(z.string()),
  }),
  /** What each kind found out about its part; absent where nothing of it was saved. */
  parts: z.object({ files: facts, images: facts.optional(), volumes: facts.optional() }),
})

/** What the manifest says of a project. */
export type ComposeFacts = z.output<typeof factsSchema>

/** Where its files are in a snapshot; those of other parts are where their kinds put them. */
export const PROJECT_FOLDER = 'project'

/** @throws {InputError} the manifest does not say it */
export function composeFacts({ facts: found }: Pick<SourcePoint, 'facts'>): ComposeFacts {
  const parsed = factsSchema.safeParse(found)
  if (parsed.success) return parsed.data
  throw new InputError('the manifest of the snapshot does not say what belongs to the project', {
    hint: 'restore its files by themselves, with `hikae restore SNAPSHOT --target DIR`',
    cause: parsed.error,
  })
}
