import type { CopyOptions } from '@hikae/engine'
import type { GlobalValues } from '../global-options.ts'

const MIB = 1024 * 1024

/** How a copy stores, by the options that every command has for that. */
export function storingOptions({
  compression,
  packSize,
}: Pick<GlobalValues, 'compression' | 'packSize'>): Pick<CopyOptions, 'compression' | 'packSizeBytes'> {
  return {
    compression: compression === 'off' ? 'keep' : 'compress',
    ...(packSize === undefined ? {} : { packSizeBytes: packSize * MIB }),
  }
}
