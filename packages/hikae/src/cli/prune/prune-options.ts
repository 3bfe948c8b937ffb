import type { PruneOptions } from '@hikae/engine'
import { flag, type OptionValues, value } from '../option.ts'
import { parseMaxUnused } from '../values/max-unused.ts'
import { parseSize } from '../../size.ts'

/** restic's options of prune, which forget understands too. */
export const pruneOptions = {
  maxUnused: value({
    placeholder: 'AMOUNT',
    parse: parseMaxUnused,
    help: 'how much may stay that nothing needs: 5% of the repository, 10G, or unlimited (default 5%)',
  }),
  maxRepackSize: value({
    placeholder: 'SIZE',
    parse: parseSize,
    help: 'rewrite no more than this in one go; 0 only deletes what needs no rewriting',
  }),
  repackCacheableOnly: flag({ help: 'rewrite directories only, no data' }),
  repackSmall: flag({ help: 'also bring packs below 80% of the pack size together' }),
  repackSmallerThan: value({
    placeholder: 'SIZE',
    parse: parseSize,
    help: 'also bring packs below this size together',
  }),
  repackUncompressed: flag({ help: 'also compress what is stored uncompressed' }),
}

export type PruneValues = OptionValues<typeof pruneOptions>

/** Whether an option was given that means nothing without a prune. */
export function hasPruneOption(values: PruneValues): boolean {
  return Object.keys(pruneOptions).some((name) => {
    const given = values[name as keyof PruneValues]
    return given !== undefined && given !== false
  })
}

export function engineOptions(values: PruneValues): PruneOptions {
  return {
    maxUnused: values.maxUnused,
    maxRepackBytes: values.maxRepackSize,
    repackSmall: values.repackSmall,
    repackBelowBytes: values.repackSmallerThan,
    repackUncompressed: values.repackUncompressed,
    repackCacheableOnly: values.repackCacheableOnly,
  }
}
