import { randomBytes } from 'node:crypto'
import { link, mkdir, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { InputError, systemCode } from '../../../errors.ts'
import { isThere } from '../../../is-there.ts'
import type { ReadContext, RestoreOptions, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { RedisConfig } from '../config.ts'
import { redisFactsOf } from '../facts.ts'
import { writeRdb } from './write-rdb.ts'

/** To an RDB file. @throws {InputError} without `to`, or when something is there */
export async function planRdbFile(
  _config: RedisConfig,
  point: SourcePoint,
  { to }: RestoreOptions,
  { folder, source }: ReadContext,
): Promise<RestorePlan> {
  const facts = redisFactsOf(point)
  if (to === undefined) {
    throw new InputError(`${source} is not put back into its server, which would have to be stopped for it`, {
      hint: 'write the file with `--to FILE.rdb`, and put it into the stopped server as the guide to databases says: with appendonly yes a dump.rdb alone is ignored and overwritten',
    })
  }
  const file = resolve(folder, to)
  if (await isThere(file)) throw inTheWay(file)
  return {
    steps: [
      `write the RDB file of ${point.time.toISOString()} (${facts.bytes} bytes) to ${file}, which is not there yet`,
      'check it, and compare it with what was saved',
    ],
    async apply(signal) {
      await mkdir(dirname(file), { recursive: true })
      const unfinished = join(
        dirname(file),
        `.hikae-new-${basename(file).slice(0, 40)}-${randomBytes(4).toString('hex')}`,
      )
      try {
        await writeRdb(point, facts, unfinished, signal)
        // Unlike a rename, this replaces nothing that came meanwhile.
        await link(unfinished, file)
      } catch (error) {
        throw systemCode(error) === 'EEXIST' ? inTheWay(file) : error
      } finally {
        await rm(unfinished, { force: true })
      }
      return { place: file, findings: [] }
    },
  }
}

function inTheWay(file: string): InputError {
  return new InputError(`${file} is there already`, { hint: 'choose a file that is not there yet' })
}
