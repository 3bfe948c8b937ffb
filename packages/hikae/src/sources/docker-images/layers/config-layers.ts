import { z } from 'zod'

const configSchema = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()).nullish() }) })

/** The digests of an image's layers, the lowest first, as its configuration has them; none when it is no configuration. */
export function layersInConfig(config: Uint8Array): readonly string[] {
  try {
    const parsed = configSchema.safeParse(JSON.parse(Buffer.from(config).toString()))
    return parsed.data?.rootfs.diff_ids ?? []
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}
