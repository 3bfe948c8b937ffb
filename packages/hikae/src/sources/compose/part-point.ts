import type { PointEntry, SourcePoint } from '../source-point.ts'

/** How a part of a point is seen by the kind that saved it. */
export interface PartView {
  /** What that kind found out when it read the part. */
  readonly facts: Readonly<Record<string, unknown>>
  /** Where the root of the part is: `/project`; the root of the point by default. */
  readonly at?: string
  /** Names at the root of the part that belong to it; all by default. */
  readonly only?: readonly string[]
}

/** A part of a point, as if it had been saved by itself. */
export function partPoint(point: SourcePoint, { facts, at = '', only }: PartView): SourcePoint {
  const within = (path: string): string => `${at}${path === '/' ? '' : path}` || '/'
  const isOurs = (path: string): boolean => only === undefined || only.includes(path.split('/')[1] ?? '')
  return {
    time: point.time,
    facts,
    async *entries(path = '/'): AsyncGenerator<PointEntry, void, undefined> {
      for await (const entry of point.entries(within(path))) {
        const own = entry.path.slice(at.length)
        if (own !== '' && isOurs(own)) yield { ...entry, path: own }
      }
    },
    content: (path) => point.content(within(path)),
    tar: (path, name) => point.tar(within(path), name),
    writeTo(folder, path = '/', options = {}) {
      const names = options.only ?? (path === '/' ? only : undefined)
      return point.writeTo(folder, within(path), names === undefined ? {} : { only: names })
    },
  }
}
