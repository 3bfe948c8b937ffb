import type { DiskFacts } from '../../disks/inventory.ts'
import { formatBytesRoughly } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { type Column, tableLines } from '../output/table.ts'

/** Names on disks are other people's text. */
function shown(text: string | undefined): string {
  return text === undefined ? '' : printableText(text)
}

const COLUMNS: readonly Column<DiskFacts>[] = [
  { heading: 'Device', cell: ({ device }) => device },
  { heading: 'Size', align: 'right', cell: ({ sizeBytes }) => formatBytesRoughly(sizeBytes) },
  { heading: 'Holds', cell: ({ content }) => shown(content.type ?? content.partitionTable) || '(nothing known)' },
  { heading: 'Label', cell: ({ content }) => shown(content.label) },
  { heading: 'UUID', cell: ({ content }) => shown(content.uuid) },
  { heading: 'Mounted at', cell: ({ mounts }) => mounts.map(printableText) },
  {
    heading: 'Free',
    align: 'right',
    cell: ({ freeBytes }) => (freeBytes === undefined ? '' : formatBytesRoughly(freeBytes)),
  },
  { heading: 'Disk', cell: describeDisk },
  { heading: 'Repositories', cell: ({ repositories }) => repositories.map(printableText) },
]

/** `usb, SanDisk Ultra, 4C53…, read-only` */
function describeDisk({ transport, model, serial, readOnly, isRemovable, isSystem, preparedAt }: DiskFacts): string {
  return [
    shown(transport) || (isRemovable ? 'removable' : ''),
    shown(model),
    shown(serial),
    ...(readOnly ? ['read-only'] : []),
    ...(isSystem ? ['system'] : []),
    ...(preparedAt === undefined ? [] : ['prepared by hikae']),
  ]
    .filter((part) => part !== '')
    .join(', ')
}

export function printDisks(disks: readonly DiskFacts[], out: Output): void {
  if (out.json) return out.document(disks.map(forPrograms))
  if (disks.length === 0) return out.line('no disks but those of the system')
  for (const line of tableLines(COLUMNS, disks)) out.line(line)
}

function forPrograms(disk: DiskFacts): object {
  const { content } = disk
  return {
    device: disk.device,
    type: disk.type,
    size: disk.sizeBytes,
    file_system: content.type ?? null,
    partition_table: content.partitionTable ?? null,
    label: content.label ?? null,
    uuid: content.uuid ?? null,
    mounts: disk.mounts,
    free: disk.freeBytes ?? null,
    read_only: disk.readOnly,
    removable: disk.isRemovable,
    system: disk.isSystem,
    transport: disk.transport ?? null,
    model: disk.model ?? null,
    serial: disk.serial ?? null,
    prepared_at: disk.preparedAt ?? null,
    repositories: disk.repositories,
  }
}
