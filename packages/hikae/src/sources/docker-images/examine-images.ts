import { errorMessage, isKnownError } from '../../errors.ts'
import { withoutUndefined } from '../../without-undefined.ts'
import { asWarnings, type Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import type { DockerImagesConfig } from './config.ts'
import { openImagesEngine } from './engine-images.ts'
import { selectImages } from './select-images.ts'

/** Whether the engine answers, and has what is meant: an image that is not there leaves the others to be saved. */
export async function examineImages(config: DockerImagesConfig, context: SourceContext): Promise<readonly Finding[]> {
  try {
    await using engine = await openImagesEngine(config, context)
    const { images, findings } = await selectImages(config, engine)
    return images.length === 0 ? findings : asWarnings(findings)
  } catch (error) {
    context.signal.throwIfAborted()
    const hint = isKnownError(error) ? error.hint : undefined
    return [{ severity: 'error', message: errorMessage(error), ...withoutUndefined({ hint }) }]
  }
}
