import { mapConcurrently } from '../../concurrency.ts'
import { Patience, type RetryOptions } from '../patience.ts'
import type { Bucket } from './bucket.ts'
import type { Retention } from './retention.ts'

export interface RenewalOptions {
  /** Objects looked at at the same time. */
  readonly connections: number
  readonly retry: RetryOptions
  readonly signal: AbortSignal | undefined
  /** Makes errors that {@link Patience} can judge. */
  readonly explained: <T>(doing: string, run: () => Promise<T>) => Promise<T>
}

/**
 * Extends the retention of objects that would expire within half of the wanted time, or that have none: other programs
 * write without. It is never shortened, and its mode is never changed. One request for each object, and one for each that
 * is extended.
 *
 * @returns how many were extended
 */
export async function renewRetention(
  bucket: Bucket,
  keys: Iterable<string>,
  retention: Retention,
  { connections, retry, signal, explained }: RenewalOptions,
): Promise<number> {
  const renewed = await mapConcurrently(keys, connections, async (key) => {
    const patience = new Patience({ operation: 'write' }, signal, retry)
    for (;;) {
      try {
        return await explained(`extend the retention of ${key}`, () => renewOne(bucket, key, retention, signal))
      } catch (error) {
        await patience.waitAfter(error)
      }
    }
  })
  return renewed.filter(Boolean).length
}

async function renewOne(
  bucket: Bucket,
  key: string,
  retention: Retention,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const now = Date.now()
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = await bucket.head(key, signal)
  if (mode !== undefined && until !== undefined && until.getTime() - now > retention.periodMs / 2) return false
  const RetainUntilDate = new Date(now + retention.periodMs)
  const Retention = { Mode: mode ?? retention.mode, RetainUntilDate }
  const command = new bucket.sdk.PutObjectRetentionCommand({ Bucket: bucket.name, Key: key, Retention })
  await bucket.send('s3:PutObjectRetention', signal, (client, options) => client.send(command, options))
  return true
}
