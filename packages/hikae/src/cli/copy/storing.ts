import type { CopyOptions } from '@hikae/engine'
import type { GlobalValues } from '../global-options.ts'
import { packSizeOption } from '../pack-size.ts'

/** How a copy stores, by the options that every command has for that. */
export function storingOptions(
  globals: Pick<GlobalValues, 'compression' | 'packSize'>,
): Pick<CopyOptions, 'compression' | 'packSizeBytes'> {
  return { compression: globals.compression === 'off' ? 'keep' : 'compress', ...packSizeOption(globals) }
}
