import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'

const databaseFacts = z.object({
  number: z.int().min(0),
  keys: z.int().min(0),
  /** Of them, those that go by themselves at their time. */
  expiring: z.int().min(0),
})

const redisFacts = z.object({
  product: z.enum(['redis', 'valkey']),
  serverVersion: z.string(),
  /** Version of the RDB format. */
  rdbVersion: z.int(),
  /** When the server fixed it: between the request and the first byte. */
  moment: z.string(),
  /** Identity of the server's history, and how far it had come when we asked; null where we may not ask. */
  replication: z.object({ id: z.string(), offset: z.int() }).nullable(),
  appendonly: z.boolean().nullable(),
  bytes: z.int(),
  sha256: z.string(),
  /** Whether the file has a checksum, which was right; servers can be told to make none. */
  isChecksummed: z.boolean(),
  /** Null where the file has something in it that we cannot tell the length of. */
  databases: z.array(databaseFacts).nullable(),
})

export type DatabaseFacts = z.output<typeof databaseFacts>
/** What a point knows of a server. */
export type RedisFacts = z.output<typeof redisFacts>

/** In the snapshot. */
export const RDB_PATH = '/dump.rdb'

/** @throws {InputError} the point is of another make */
export function redisFactsOf(point: SourcePoint): RedisFacts {
  const parsed = redisFacts.safeParse(point.facts)
  if (parsed.success) return parsed.data
  throw new InputError('the point does not say which keys of Redis are in it', {
    hint: 'it is of another kind, or of a later version of Hikae; its files can be had with `hikae restore SNAPSHOT --target DIR`',
    cause: parsed.error,
  })
}
