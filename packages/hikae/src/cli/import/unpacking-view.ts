import { formatBytesRoughly } from '../output/format.ts'
import { jsonPath, printablePath } from '../output/printable.ts'
import type { ProgressView } from '../output/progress.ts'
import { truncateEnd } from '../output/width.ts'
import type { ImportItem } from './item.ts'

/** How it looks while an archive is unpacked, by bytes that have come out: nobody knows how many there are. */
export function unpackingView({ path }: ImportItem): ProgressView<number> {
  const line = (bytes: number): string => `unpacking ${printablePath(path)}: ${formatBytesRoughly(bytes)}`
  return {
    lines: (bytes, width) => [truncateEnd(line(bytes), width)],
    line,
    json: (bytes) => ({ unpacking: jsonPath(path), bytes_unpacked: bytes }),
  }
}
