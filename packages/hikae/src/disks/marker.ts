import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { DiskSystem } from './system.ts'

/** Name of the file at the root of a disk that `hikae disk prepare` has made. */
export const MARKER_FILE = '.hikae-disk.json'

const schema = z.object({
  /** Of the file system, so that a copied file makes no disk a prepared one. */
  uuid: z.string(),
  label: z.string(),
  /** RFC 3339. */
  preparedAt: z.string(),
})

export type DiskMarker = Readonly<z.infer<typeof schema>>

export function markerText(marker: DiskMarker): string {
  return `${JSON.stringify(marker, undefined, 2)}\n`
}

/** @returns undefined when there is none that can be read */
export async function readMarker(folder: string): Promise<DiskMarker | undefined> {
  try {
    return parseMarker(await readFile(join(folder, MARKER_FILE), 'utf8'))
  } catch {
    return undefined // Absent, not ours to read, or on a failing disk: what lists disks says so by other means.
  }
}

/** The same for an ext4 file system that is not mounted. Only for root. */
export async function readMarkerOnDevice(device: string, system: DiskSystem): Promise<DiskMarker | undefined> {
  const { stdout } = await system.run('debugfs', ['-R', `cat /${MARKER_FILE}`, device], { accepts: [0, 1] })
  return parseMarker(stdout)
}

function parseMarker(text: string): DiskMarker | undefined {
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
