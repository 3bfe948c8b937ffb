import { UsageError } from '../../../errors.ts'
import type { SourceContext } from '../../source-kind.ts'
import type { PostgresConfig } from '../config.ts'
import { Postgres } from '../server/open-postgres.ts'

/** Where a restore goes. */
export interface RestoreTarget {
  /** A key of `restoreTo:`; the source's own server when absent. */
  readonly server: string | undefined
  /** Of the new database; of several, what stands before their names. As before when absent. */
  readonly name: string | undefined
}

/** @param to `NAME`, `SERVER/NAME` or `SERVER/` @throws {UsageError} no such server is known */
export function parseTarget(to: string, { restoreTo }: PostgresConfig): RestoreTarget {
  const at = to.indexOf('/')
  if (at === -1) return { server: undefined, name: to }
  const server = to.slice(0, at)
  const name = to.slice(at + 1)
  if (Object.hasOwn(restoreTo, server)) return { server, name: name === '' ? undefined : name }
  const known = Object.keys(restoreTo)
  throw new UsageError(`--to ${to}: there is no server ${server} under restoreTo:`, {
    hint: `write the name of a new database on the same server, or SERVER/NAME with a server of restoreTo:${known.length === 0 ? '' : ` (${known.join(', ')})`}`,
  })
}

export async function openTarget(
  server: string | undefined,
  config: PostgresConfig,
  context: SourceContext,
): Promise<Postgres> {
  if (server === undefined) return await Postgres.open(config, context)
  const other = config.restoreTo[server]
  if (other === undefined) {
    throw new UsageError(`there is no server ${server} under restoreTo: any more`, {
      hint: 'write it there again: a restore to it was interrupted and is to be put in order',
    })
  }
  return await Postgres.open({ ...other, programs: config.programs }, context)
}
