import { matchesGlob, resolve } from 'node:path'
import { z } from 'zod'
import { sizeSchema } from '../../size-schema.ts'
import type { Finding } from '../finding.ts'
import type { SourcePoint } from '../source-point.ts'

/** One of `verify:` of files: what has to be in a restored point. */
export const filesAssertionSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe(
      "a file, a folder, or a glob; relative ones begin at the stack file's folder, and a folder means all files below it",
    ),
  minFiles: z.int().positive().default(1).describe('so many files at least'),
  minSize: sizeSchema.optional().describe('so many bytes at least, all of these files together'),
})

export type FilesAssertion = z.output<typeof filesAssertionSchema>

/** What of the assertions is not true of a point. @param folder where relative paths begin */
export async function failedAssertions(
  assertions: readonly FilesAssertion[],
  point: SourcePoint,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<readonly Finding[]> {
  if (assertions.length === 0) return []
  const found = assertions.map((assertion) => ({
    ...assertion,
    pattern: resolve(folder, assertion.path),
    files: 0,
    bytes: 0,
  }))
  for await (const { path, type, size } of point.entries()) {
    signal.throwIfAborted()
    if (type !== 'file') continue
    const text = Buffer.from(path, 'latin1').toString()
    for (const one of found.filter(({ pattern }) => concerns(pattern, text))) {
      one.files++
      one.bytes += size
    }
  }
  return found.filter(({ files, bytes, minFiles, minSize = 0 }) => files < minFiles || bytes < minSize).map(wrong)
}

function concerns(pattern: string, path: string): boolean {
  return (
    path === pattern ||
    path.startsWith(`${pattern}/`) ||
    matchesGlob(path, pattern) ||
    matchesGlob(path, `${pattern}/**`)
  )
}

function wrong({ path, files, bytes, minFiles, minSize }: FilesAssertion & { files: number; bytes: number }): Finding {
  const expected = `${minFiles} or more${minSize === undefined ? '' : ` with ${minSize} bytes or more`}`
  return {
    severity: 'error',
    message: `${path}: ${files} files with ${bytes} bytes are in the snapshot, where ${expected} are expected`,
    hint: 'look at the point with `hikae ls`, and at the paths and patterns of the source',
  }
}
