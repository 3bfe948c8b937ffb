import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'
import { type BytePath, bytePath, systemPath } from '../swap/byte-path.ts'

const savedPath = z.object({
  path: z.string().startsWith('/'),
  /** The same in hexadecimal, when it is no text. */
  bytes: z
    .string()
    .regex(/^([0-9a-f]{2})+$/)
    .optional(),
  type: z.enum(['directory', 'file', 'other']),
})
const count = z.int().min(0)

const factsSchema = z.object({
  paths: z.array(savedPath).min(1),
  include: z.array(z.string()),
  exclude: z.array(z.string()),
  /** What was found to be saved: what vanished before it was read is among it. */
  files: count,
  directories: count,
  /** Links and special files. */
  others: count,
  bytes: count,
})

/** What the manifest says of files. */
export type FilesFacts = z.output<typeof factsSchema>

/** One of the paths that were saved; none is below another. */
export interface SavedPath {
  readonly path: BytePath
  readonly type: 'directory' | 'file' | 'other'
}

/** @throws {InputError} the manifest does not say it */
export function filesFacts({
  facts,
}: SourcePoint): Omit<FilesFacts, 'paths'> & { readonly paths: readonly SavedPath[] } {
  const parsed = factsSchema.safeParse(facts)
  if (parsed.success) return { ...parsed.data, paths: parsed.data.paths.map(savedPathOf) }
  throw new InputError('the manifest of the snapshot does not say which paths were saved', {
    hint: 'restore its files by themselves, with `hikae restore SNAPSHOT --target DIR`',
    cause: parsed.error,
  })
}

/** As the manifest has it. */
export function statedPath({ path, type }: SavedPath): FilesFacts['paths'][number] {
  const text = systemPath(path)
  if (typeof text === 'string') return { path: text, type }
  return { path: text.toString(), bytes: text.toString('hex'), type }
}

function savedPathOf({ path, bytes, type }: FilesFacts['paths'][number]): SavedPath {
  return { path: bytes === undefined ? bytePath(path) : Buffer.from(bytes, 'hex').toString('latin1'), type }
}
