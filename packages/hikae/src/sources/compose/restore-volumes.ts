import { InputError } from '../../errors.ts'
import { planElsewhere } from '../docker-volumes/restore/restore-elsewhere.ts'
import type { ReadContext, RestorePlan } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import type { ComposeFacts } from './compose-facts.ts'
import type { ComposeConfig } from './config.ts'
import { pointOfPart, volumesPart } from './parts.ts'

/**
 * `volumes:shop_data=shop_data`: what comes after the colon, as `--to` has it for volumes. A path may follow the name of a
 * project that is called so.
 *
 * @returns undefined when something else is meant
 */
export function volumesOfTarget(to: string): string | undefined {
  return /^volumes:([^/.].*)$/s.exec(to)?.[1]
}

/** Only volumes of a project, into new ones: with their own names, Compose takes them for its own. */
export async function planVolumesOnly(
  config: ComposeConfig,
  point: SourcePoint,
  facts: ComposeFacts,
  to: string,
  context: ReadContext,
): Promise<RestorePlan> {
  if (!facts.parts.volumes) throw new InputError('the snapshot has no volumes of the project')
  const part = volumesPart([], config)
  return await planElsewhere(part.config, pointOfPart(point, 'volumes', facts), to, context)
}
