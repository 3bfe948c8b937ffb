import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { errorMessage, systemCode } from '../../../errors.ts'
import type { ReadContext } from '../../source-kind.ts'
import { digestOf } from './digest.ts'

/** Bytes of a layer's archive, and of the two parts in which it is stored. */
export interface LayerSizes {
  readonly archiveBytes: number
  readonly contentBytes: number
  readonly headerBytes: number
}

/** What a run found out about an image, which never changes: its id is the digest of its configuration. */
export interface KnownImage {
  readonly config: Buffer
  /** Digests of its layers in the order in which the engine gives them. */
  readonly order: readonly string[]
  /** Where they are in an export; empty when their names say it. */
  readonly paths: ReadonlyMap<string, string>
}

/**
 * What is known of images from earlier runs, so that an image that is stored already is not exported again. Losing it costs
 * time.
 */
export interface KnownImages {
  /** By digest. */
  readonly sizes: Map<string, LayerSizes>
  /** By id. */
  readonly images: Map<string, KnownImage>
}

const FILE = 'images.json'
const bytes = z.int().min(0)
const fileSchema = z.object({
  version: z.literal(1),
  sizes: z.array(z.tuple([z.string(), z.object({ archiveBytes: bytes, contentBytes: bytes, headerBytes: bytes })])),
  images: z.array(
    z.tuple([
      z.string(),
      z.object({ config: z.base64(), order: z.array(z.string()), paths: z.array(z.tuple([z.string(), z.string()])) }),
    ]),
  ),
})

/** What cannot be read is not known. */
export async function readKnownImages({ stateFolder, log }: ReadContext): Promise<KnownImages> {
  try {
    const { sizes, images } = fileSchema.parse(JSON.parse(await readFile(join(await stateFolder(), FILE), 'utf8')))
    const known = images.map(([id, { config, order, paths }]) => {
      return [id, { config: Buffer.from(config, 'base64'), order, paths: new Map(paths) }] as const
    })
    return { sizes: new Map(sizes), images: new Map(known.filter(([id, { config }]) => digestOf(config) === id)) }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') log(`what is known of images is found out again: ${errorMessage(error)}`)
    return { sizes: new Map(), images: new Map() }
  }
}

/** What is not known any more is exported again the next time; that is said in the log. */
export async function writeKnownImages(
  { sizes, images }: KnownImages,
  { stateFolder, log }: ReadContext,
): Promise<void> {
  const document: z.input<typeof fileSchema> = {
    version: 1,
    sizes: [...sizes],
    images: [...images].map(([id, { config, order, paths }]) => {
      return [id, { config: config.toString('base64'), order: [...order], paths: [...paths] }]
    }),
  }
  try {
    const path = join(await stateFolder(), FILE)
    await writeFile(`${path}.new`, JSON.stringify(document), { mode: 0o600 })
    await rename(`${path}.new`, path)
  } catch (error) {
    log(`what was found out about images cannot be kept: ${errorMessage(error)}`)
  }
}
