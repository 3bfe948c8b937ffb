import { z } from 'zod'

/** Where the manifest lies in a snapshot: a folder at the top that no source may use. */
export const MANIFEST_FOLDER = '.hikae'
export const MANIFEST_FILE = 'manifest.json'

const manifestSchema = z.object({
  version: z.literal(1),
  kind: z.string(),
  source: z.string(),
  stack: z.string(),
  job: z.string(),
  run: z.string(),
  /** When reading began. */
  time: z.iso.datetime(),
  /** Of Hikae: `0.1.0`. */
  program: z.string(),
  /**
   * Of a source that no stack file has, since a container brought it: its configuration as it would stand in one. Secrets are
   * references.
   */
  written: z.record(z.string(), z.unknown()).optional(),
  /**
   * Present when everything that writes to the sources of a job was held still: those of one run are of one moment, which lies
   * between these times.
   */
  consistent: z.object({ together: z.string(), from: z.iso.datetime(), to: z.iso.datetime() }).optional(),
  /** What the source's kind says of it: versions, positions, counts. */
  facts: z.record(z.string(), z.unknown()),
})

/** What a snapshot says about itself, so that it can be restored without the stack file. */
export type Manifest = z.output<typeof manifestSchema>

export function encodeManifest(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
}

/** @throws {z.ZodError | SyntaxError} it is not one, or of a later version */
export function decodeManifest(bytes: Uint8Array): Manifest {
  return manifestSchema.parse(JSON.parse(Buffer.from(bytes).toString()))
}
