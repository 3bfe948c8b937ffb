import { errorMessage } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import type { DockerImagesConfig } from './config.ts'
import { factsOf } from './image-facts.ts'
import { storedConfig, storedLayer } from './stored-image.ts'

/** Puts every layer together, and compares it and every configuration with its digest. Needs no engine, and no room. */
export async function verifyImages(
  _config: DockerImagesConfig,
  point: SourcePoint,
  { signal }: ReadContext,
): Promise<readonly Finding[]> {
  const { images, layers } = await factsOf(point)
  const findings: Finding[] = []
  const examine = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    signal.throwIfAborted()
    try {
      await work()
    } catch (error) {
      signal.throwIfAborted()
      findings.push({
        severity: 'error',
        message: `${what} cannot be restored: ${errorMessage(error)}`,
        hint: 'run `hikae check --read-data` on the repository, and use another recovery point',
      })
    }
  }
  for (const image of images) {
    await examine(`the image ${image.tags[0] ?? image.id}`, () => storedConfig(point, image))
  }
  for (const { digest, bytes } of layers) {
    await examine(`the layer ${digest}`, async () => {
      let found = 0
      for await (const part of storedLayer(point, digest)) found += part.length
      if (found !== bytes) throw new Error(`it has ${found} bytes, and ${bytes} were saved`)
    })
  }
  return findings
}
