import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'

const factsSchema = z.object({
  /** Version of the program that made it. */
  git: z.string(),
  /** Where from, without anything secret. */
  from: z.string(),
  /** `working`: the source has files beside the repository. */
  shape: z.enum(['bare', 'working']),
  objectFormat: z.enum(['sha1', 'sha256']),
  /** Branch, or object, that HEAD is. */
  head: z.string(),
  refs: z.number().int(),
  /** SHA-256 of HEAD and packed-refs. */
  refsDigest: z.string(),
  /** What the refs reach. */
  objects: z.number().int(),
  /** Objects that today's git would not make, and that are kept as they are. */
  oldFashioned: z.number().int(),
  /** In the order in which they have to be read. */
  bundles: z.array(
    z.object({ file: z.string().regex(/^[\w-]+\.bundle$/), size: z.number().int(), sha256: z.string() }),
  ),
  lfs: z.object({ objects: z.number().int(), bytes: z.number().int(), leftOut: z.number().int() }),
  /** Addresses of other repositories that this one refers to. */
  submodules: z.array(z.string()),
})

/** What the manifest says of a repository. */
export type GitFacts = z.output<typeof factsSchema>

/** @throws {InputError} another program, or a later version, made the snapshot */
export function factsOf(point: SourcePoint): GitFacts {
  const parsed = factsSchema.safeParse(point.facts)
  if (parsed.success) return parsed.data
  throw new InputError('the manifest of this snapshot is not that of a git repository', {
    hint: 'restore it with the version of Hikae that made it, or its files with `hikae restore`: README.txt says how to go on',
    cause: parsed.error,
  })
}
