import { errorMessage, isKnownError } from '../../errors.ts'
import { withoutUndefined } from '../../without-undefined.ts'
import type { Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import type { DockerImagesConfig } from './config.ts'
import { openImagesEngine } from './engine-images.ts'
import { selectImages } from './select-images.ts'

/** Whether the engine answers, and has what is meant. */
export async function examineImages(config: DockerImagesConfig, context: SourceContext): Promise<readonly Finding[]> {
  try {
    await using engine = await openImagesEngine(config, context)
    return (await selectImages(config, engine)).findings
  } catch (error) {
    context.signal.throwIfAborted()
    const hint = isKnownError(error) ? error.hint : undefined
    return [{ severity: 'error', message: errorMessage(error), ...withoutUndefined({ hint }) }]
  }
}
