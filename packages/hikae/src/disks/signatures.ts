import { z } from 'zod'
import type { DeviceContent } from './block-devices.ts'

/** A mark by which programs recognise what a device holds. */
export interface Signature {
  /** `ext4`, `gpt`, `crypto_LUKS`, `linux_raid_member`, … */
  readonly type: string
  readonly uuid: string | undefined
  readonly label: string | undefined
}

const wipefs = z.object({
  signatures: z.array(
    z.object({ type: z.string(), uuid: z.string().nullish(), label: z.string().nullish() }).transform((found) => ({
      type: found.type,
      uuid: found.uuid ?? undefined,
      label: found.label ?? undefined,
    })),
  ),
})

/** Reads the output of `wipefs --no-act --json`. */
export function parseWipefs(output: string): Signature[] {
  return output.trim() === '' ? [] : wipefs.parse(JSON.parse(output)).signatures
}

/** Reads the output of `blkid --probe --output export`: `NAME=value` with backslashes before special characters. */
export function parseBlkid(output: string): DeviceContent {
  const values = new Map(
    output.split('\n').flatMap((line) => {
      const [, name, value] = /^([A-Z_0-9]+)=(.*)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, value!.replace(/\\(.)/g, '$1')] as const]
    }),
  )
  return {
    type: values.get('TYPE'),
    label: values.get('LABEL'),
    uuid: values.get('UUID'),
    partitionTable: values.get('PTTYPE'),
    partitionTableUuid: values.get('PTUUID'),
  }
}
