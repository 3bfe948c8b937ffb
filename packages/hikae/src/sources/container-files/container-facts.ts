import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'

const count = z.int().min(0)

const savedPath = z.object({
  path: z.string().startsWith('/'),
  type: z.enum(['directory', 'file', 'symlink', 'other']),
  uid: count,
  gid: count,
  /** Permission bits, in octal digits. */
  mode: z.string(),
  files: count,
  /** The path itself among them. */
  directories: count,
  /** Links and special files. */
  others: count,
  /** The content of a file with several names counts once. */
  bytes: count,
})

const factsSchema = z.object({
  /** Version of the engine. */
  engine: z.string(),
  container: z.object({ id: z.string(), name: z.string(), image: z.string(), imageId: z.string() }),
  paths: z.array(savedPath).min(1),
  quiesce: z.enum(['stop', 'pause', 'none', 'exec']),
  /** How long the container was held still. */
  heldSeconds: z.number().optional(),
})

/** One of the paths that were saved; none is below another. */
export type SavedPath = z.output<typeof savedPath>

/** What the manifest says of files in a container. */
export type ContainerFacts = z.output<typeof factsSchema>

/** @throws {InputError} the manifest does not say it */
export function containerFacts({ facts }: SourcePoint): ContainerFacts {
  const parsed = factsSchema.safeParse(facts)
  if (parsed.success) return parsed.data
  throw new InputError('the manifest of the snapshot does not say which paths of a container were saved', {
    hint: 'restore its files by themselves, with `hikae restore SNAPSHOT --target DIR`',
    cause: parsed.error,
  })
}

/** How much was saved, on one line. */
export function amount(paths: readonly SavedPath[]): string {
  const sum = (what: 'files' | 'bytes'): number => paths.reduce((total, path) => total + path[what], 0)
  return `${sum('files')} files, ${sum('bytes')} bytes`
}
