import type { CalendarDuration, ForecastPoint, GroupForecast, SnapshotFate } from '@hikae/engine'
import { formatCount, formatQuantity, formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { shortId } from '../output/snapshot.ts'
import { describeGroup } from '../output/snapshot-table.ts'
import { type Column, tableLines } from '../output/table.ts'
import { groupKeyJson } from './plan-view.ts'

/** How a duration is written, which the engine knows. */
export type FormatDuration = (duration: CalendarDuration) => string

/** Per group, how many snapshots there would be, and when each of today's would go. */
export function printForecast(forecast: readonly GroupForecast[], out: Output, format: FormatDuration): void {
  for (const group of forecast) {
    out.line(out.paint('bold', `snapshots ${describeGroup(group)}`))
    const rhythm = group.every
      ? `with a backup every ${format(group.every)}`
      : 'with no more backups: they have stopped'
    out.line(`${rhythm}, there would be:`)
    for (const line of tableLines(POINT_COLUMNS, group.points)) out.line(line)
    out.line(`${formatQuantity(group.present.length, 'snapshot')} of today would go:`)
    for (const line of tableLines(fateColumns(group.points), group.present.toReversed())) out.line(line)
    out.line()
  }
}

const POINT_COLUMNS: Column<ForecastPoint>[] = [
  { heading: 'When', cell: ({ day }) => (day === 0 ? 'now' : `in ${formatQuantity(day, 'day')}`) },
  { heading: 'Date', cell: ({ time }) => formatTime(isoTime(time)) },
  { heading: 'Snapshots', align: 'right', cell: ({ total }) => formatCount(total) },
  { heading: 'From today', align: 'right', cell: ({ present }) => formatCount(present) },
  { heading: 'Oldest', cell: ({ oldest }) => formatTime(oldest) },
]

function fateColumns(points: readonly ForecastPoint[]): Column<SnapshotFate>[] {
  const now = points[0]!.time
  return [
    { heading: 'ID', cell: ({ snapshot }) => shortId(snapshot.id) },
    { heading: 'Time', cell: ({ snapshot }) => formatTime(snapshot.time) },
    { heading: 'Goes', cell: ({ removedAt }) => describeRemoval(removedAt, now) },
  ]
}

function describeRemoval(removedAt: bigint | undefined, now: bigint): string {
  if (removedAt === undefined) return 'stays'
  return removedAt === now ? 'now' : formatTime(isoTime(removedAt))
}

/** No command of restic's: our own names, in its style. */
export function forecastJson(forecast: readonly GroupForecast[], format: FormatDuration): object[] {
  return forecast.map((group) => ({
    ...groupKeyJson(group),
    every: group.every ? format(group.every) : null,
    points: group.points.map(({ day, time, total, present, oldest }) => ({
      ...{ day, time: isoTime(time), snapshots: total, present, oldest },
    })),
    present: group.present.map(({ snapshot, removedAt }) => ({
      id: snapshot.id,
      short_id: shortId(snapshot.id),
      time: snapshot.time,
      removed: removedAt === undefined ? null : isoTime(removedAt),
    })),
  }))
}

function isoTime(ns: bigint): string {
  return new Date(Number(ns / 1_000_000n)).toISOString()
}
