import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { InputError } from '../../../errors.ts'
import type { SourcePoint } from '../../source-point.ts'
import { RDB_PATH, type RedisFacts } from '../facts.ts'
import { checkedRdb } from '../rdb/checked-rdb.ts'

/**
 * Writes the RDB file of a point to a file that is not there yet, and compares it with what was saved.
 *
 * @throws {InputError | RedisError} it is not what was saved; what was written has to be removed
 */
export async function writeRdb(
  point: SourcePoint,
  facts: RedisFacts,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const rdb = checkedRdb(point.content(RDB_PATH))
  await pipeline(rdb, createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }), { signal })
  const { bytes, sha256 } = rdb.result()
  if (bytes === facts.bytes && sha256 === facts.sha256) return
  throw new InputError(
    `the RDB file in the repository is not what was saved: ${bytes} bytes instead of ${facts.bytes}, SHA-256 ${sha256} instead of ${facts.sha256}`,
    {
      hint: 'run `hikae check --read-data` on the repository, and use another recovery point',
    },
  )
}
