import type { GlobalValues } from './global-options.ts'

const MIB = 1024 * 1024

/** `--pack-size` as the engine wants it. */
export function packSizeOption({ packSize }: Pick<GlobalValues, 'packSize'>): { packSizeBytes?: number } {
  return packSize === undefined ? {} : { packSizeBytes: packSize * MIB }
}
