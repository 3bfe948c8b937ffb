import type { ObjectLockMode } from '@aws-sdk/client-s3'
import { BackendError, type FileKind } from '../backend.ts'
import type { Bucket, ObjectTraits } from './bucket.ts'
import type { S3ObjectLock } from './options.ts'
import { isRefusal } from './refusal.ts'

const DAY_MS = 24 * 60 * 60_000

/** Locks of the repository come and go; all else is kept. */
export const RETAINED_KINDS = ['pack', 'index', 'snapshot', 'key', 'config'] as const satisfies readonly FileKind[]

/**
 * Until when nobody may delete what is written. Whether the bucket can do that is asked once, before the first write:
 * servers without object lock may accept retention and forget it, or even take it for the content of the object.
 */
export class Retention {
  readonly #bucket: Bucket
  readonly #wanted: S3ObjectLock
  readonly #location: string
  #confirmed = false

  constructor(bucket: Bucket, wanted: S3ObjectLock, location: string) {
    this.#bucket = bucket
    this.#wanted = wanted
    this.#location = location
  }

  get mode(): ObjectLockMode {
    return this.#wanted.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE'
  }

  get periodMs(): number {
    return this.#wanted.days * DAY_MS
  }

  /** @throws {BackendError} the bucket has no object lock */
  async of(kind: FileKind, signal: AbortSignal | undefined): Promise<Pick<ObjectTraits, 'retention'>> {
    if (kind === 'lock') return {}
    await this.confirm(signal)
    return { retention: { mode: this.mode, until: new Date(Date.now() + this.periodMs) } }
  }

  /** @throws {BackendError} the bucket has no object lock */
  async confirm(signal: AbortSignal | undefined): Promise<void> {
    if (this.#confirmed) return
    if (!(await this.#isOffered(signal))) {
      throw new BackendError(`the bucket ${this.#bucket.name} of ${this.#location} has no object lock`, {
        hint: 'make a bucket with object lock (it is chosen when a bucket is made), or leave out the retention',
      })
    }
    this.#confirmed = true
  }

  async #isOffered(signal: AbortSignal | undefined): Promise<boolean> {
    const { sdk, name } = this.#bucket
    const ask = new sdk.GetObjectLockConfigurationCommand({ Bucket: name })
    try {
      const answer = await this.#bucket.send('s3:GetBucketObjectLockConfiguration', signal, (client, options) =>
        client.send(ask, options),
      )
      return answer.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
    } catch (error) {
      if (isRefusal(error, 'ObjectLockConfigurationNotFoundError', 400, 405, 501)) return false
      throw error
    }
  }
}
