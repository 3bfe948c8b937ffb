import type { Snapshot } from '@hikae/engine'
import { archiveName } from '../../archives/archive-name.ts'

/**
 * A name as scripts give it: `mirai_20250101_020304`. It begins with the stack, else the series that was imported, else
 * the host; the time is that of the snapshot on this machine's clock.
 */
export function defaultName({
  time,
  hostname,
  tags = [],
  paths,
}: Pick<Snapshot, 'time' | 'hostname' | 'tags' | 'paths'>): string {
  const stack = tags.find((tag) => tag.startsWith('stack='))?.slice('stack='.length)
  const series = tags.includes('imported') ? seriesOf(paths) : undefined
  const name = (stack ?? series ?? hostname ?? '').replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+/, '')
  return `${name || 'backup'}_${stamp(new Date(time))}`
}

/** `/shop.sql` is of the series `shop`. */
function seriesOf([path = '']: readonly string[]): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return archiveName(name) ? name.slice(0, name.lastIndexOf('.')) : name
}

function stamp(date: Date): string {
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()]
  return [day, clock].map((numbers) => numbers.map((number) => String(number).padStart(2, '0')).join('')).join('_')
}
