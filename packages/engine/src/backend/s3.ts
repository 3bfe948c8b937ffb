import { posix } from 'node:path'
import { InvalidInputError } from '../errors.ts'
import { isId } from '../ids.ts'
import {
  checkFileName,
  describeFile,
  FileExistsError,
  FileMissingError,
  RangeOutsideFileError,
  type Backend,
  type FileKind,
  type ReadOptions,
  type StoredFile,
  type WriteOptions,
} from './backend.ts'
import { HttpClient } from './http/http-client.ts'
import type { HttpSender } from './http/http-message.ts'
import { fileAt, folderOf } from './layout.ts'
import type { RetryOptions } from './patience.ts'
import { Bucket, type ObjectTraits, type S3Sdk } from './s3/bucket.ts'
import { ObjectCreation } from './s3/create-object.ts'
import { explainS3Error } from './s3/explain-error.ts'
import { listObjects } from './s3/list-objects.ts'
import { makeBucket } from './s3/make-bucket.ts'
import { S3_CONNECTIONS, type S3Options } from './s3/options.ts'
import { s3Place, type S3Place } from './s3/place.ts'
import { RangePastEnd, readObject } from './s3/read-object.ts'
import { isRefusal } from './s3/refusal.ts'
import { renewRetention } from './s3/renew-retention.ts'
import { RETAINED_KINDS, Retention } from './s3/retention.ts'
import { putInParts, takesParts } from './s3/put-in-parts.ts'
import { sweepUploads } from './s3/sweep-uploads.ts'

/**
 * A repository in a bucket. Nothing is asked yet: trouble shows with the first operation.
 *
 * @throws {InvalidInputError} the options make no sense
 */
export async function openS3Backend(options: S3Options): Promise<S3Backend> {
  const place = s3Place(options)
  checkStorageClass(options)
  checkRetention(options)
  const sdk = await import('@aws-sdk/client-s3')
  const sender = new HttpClient({ connections: options.connections ?? S3_CONNECTIONS, ...options.http })
  return new S3Backend(options, place, sdk, sender)
}

/**
 * Files of a repository as objects of a bucket, with the names that §2 gives them under a prefix. On servers without
 * conditional writes (see {@link ObjectCreation}) two processes that write the same name at the same moment both succeed;
 * names follow from content, so that this matters for nothing but the config of a repository that is made twice at once.
 *
 * A pack is removed without a look at whether it is there: prune removes packs by the thousand, and each look is a request.
 */
export class S3Backend implements Backend {
  readonly location: string
  readonly connections: number
  /** Present when the options ask for object lock. @throws {BackendError} the bucket has none */
  readonly renewRetention?: (signal?: AbortSignal, retry?: RetryOptions) => Promise<{ renewed: number }>
  readonly #bucket: Bucket
  readonly #creation: ObjectCreation
  readonly #retention: Retention | undefined = undefined
  readonly #options: S3Options
  readonly #place: S3Place
  readonly #sender: HttpSender

  constructor(options: S3Options, place: S3Place, sdk: S3Sdk, sender: HttpSender) {
    const { credentials, objectLock } = options
    this.location = place.location
    this.connections = options.connections ?? S3_CONNECTIONS
    this.#options = options
    this.#place = place
    this.#sender = sender
    this.#bucket = new Bucket({ sdk, sender, place, ...(credentials && { credentials }) })
    this.#creation = new ObjectCreation(this.#bucket, place.keepsFromReplacing)
    if (!objectLock) return
    const retention = new Retention(this.#bucket, objectLock, place.location)
    this.#retention = retention
    this.renewRetention = (signal, retry) => this.#renew(retention, signal, retry)
  }

  /** Makes the bucket when there is none; there are no folders to make. */
  async create(signal?: AbortSignal): Promise<void> {
    await this.#explained('create the repository', signal, async () => {
      const { location, prefix } = this.#place
      await makeBucket(this.#bucket, { objectLock: this.#retention !== undefined, location, prefix }, signal)
      await this.#retention?.confirm(signal)
    })
  }

  async read(kind: FileKind, name: string, { offset = 0, length, signal }: ReadOptions = {}): Promise<Uint8Array> {
    const key = this.#key(kind, name)
    return await this.#ofFile('read', kind, name, signal, async () => {
      try {
        return await readObject(this.#bucket, key, { offset, length }, signal)
      } catch (error) {
        if (!(error instanceof RangePastEnd)) throw error
        throw new RangeOutsideFileError(this.location, kind, name, error.wantedEnd, error.size)
      }
    })
  }

  async write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const key = this.#key(kind, name)
    const { signal, replace = false, holdsTrees = false, isNamedByContent = false } = options
    await this.#explained(`write ${describeFile(kind, name)}`, signal, async () => {
      const traits = {
        ...(await this.#traits(kind, holdsTrees, signal)),
        ...(isNamedByContent && { sha256: name }),
      }
      if (replace) await this.#replace(key, content, traits, signal)
      else if (!(await this.#creation.create(key, content, traits, signal))) {
        throw new FileExistsError(this.location, kind, name)
      }
    })
  }

  async size(kind: FileKind, name: string, signal?: AbortSignal): Promise<number> {
    const key = this.#key(kind, name)
    return await this.#ofFile('look at', kind, name, signal, () => this.#bucket.size(key, signal))
  }

  async *list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal): AsyncGenerator<StoredFile> {
    const objects = listObjects(this.#bucket, `${folderOf(this.#place.prefix, kind)}/`, {
      v1: this.#options.listObjectsV1 ?? false,
      signal,
    })
    try {
      for await (const { key, size } of objects) {
        const name = posix.basename(key)
        if (isFileOf(this.#place.prefix, kind, name, key)) yield { name, size }
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw this.#explain(error, `list the ${kind} files`)
    }
  }

  /** Deletions are never refused for what is not there, so that all but packs are looked for first. */
  async remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void> {
    const key = this.#key(kind, name)
    await this.#ofFile('remove', kind, name, signal, async () => {
      if (kind !== 'pack') await this.#bucket.head(key, signal)
      await this.#bucket.remove(key, signal)
    })
  }

  async sweepTemporary(olderThanMs: number, signal?: AbortSignal): Promise<{ files: number; bytes: number }> {
    const { prefix } = this.#place
    const isOurs = (key: string): boolean =>
      (['pack', 'index', 'snapshot'] as const).some((kind) => isFileOf(prefix, kind, posix.basename(key), key))
    const startedBeforeMs = Date.now() - olderThanMs
    const what = { prefix: prefix === '' ? '' : `${prefix}/`, isOurs, startedBeforeMs }
    return await this.#explained('remove left-over uploads', signal, () => sweepUploads(this.#bucket, what, signal))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#bucket.destroy()
    await this.#sender[Symbol.asyncDispose]()
  }

  #key(kind: FileKind, name: string): string {
    checkFileName(kind, name)
    return fileAt(this.#place.prefix, kind, name)
  }

  async #keysOf(kind: FileKind, signal: AbortSignal | undefined): Promise<string[]> {
    if (kind === 'config') return [this.#key(kind, '')]
    const keys: string[] = []
    for await (const { name } of this.list(kind, signal)) keys.push(this.#key(kind, name))
    return keys
  }

  async #renew(retention: Retention, signal?: AbortSignal, retry: RetryOptions = {}): Promise<{ renewed: number }> {
    const explained = <T>(doing: string, run: () => Promise<T>) => this.#explained(doing, signal, run)
    await explained('renew the retention', () => retention.confirm(signal))
    let renewed = 0
    for (const kind of RETAINED_KINDS) {
      const keys = await this.#keysOf(kind, signal)
      const options = { connections: this.connections, retry, signal, explained }
      renewed += await renewRetention(this.#bucket, keys, retention, options)
    }
    return { renewed }
  }

  async #traits(kind: FileKind, holdsTrees: boolean, signal: AbortSignal | undefined): Promise<ObjectTraits> {
    const { packs, others } = this.#options.storageClass ?? {}
    const storageClass = kind === 'pack' && !holdsTrees ? packs : others
    return { ...(storageClass !== undefined && { storageClass }), ...(await this.#retention?.of(kind, signal)) }
  }

  async #replace(key: string, content: Uint8Array, traits: ObjectTraits, signal: AbortSignal | undefined) {
    const how = { ...traits, onlyIfAbsent: false }
    if (takesParts(content)) await putInParts(this.#bucket, key, content, how, signal)
    else await this.#bucket.put(key, content, how, signal)
  }

  async #ofFile<T>(
    verb: string,
    kind: FileKind,
    name: string,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    return await this.#explained(`${verb} ${describeFile(kind, name)}`, signal, async () => {
      try {
        return await run()
      } catch (error) {
        const isMissing = isRefusal(error, 404) && error.code !== 'NoSuchBucket'
        throw isMissing ? new FileMissingError(this.location, kind, name) : error
      }
    })
  }

  async #explained<T>(doing: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      signal?.throwIfAborted()
      throw this.#explain(error, doing)
    }
  }

  #explain(error: unknown, doing: string): unknown {
    return explainS3Error(error, { doing, location: this.location, bucket: this.#place.bucket })
  }
}

function isFileOf(prefix: string, kind: FileKind, name: string, key: string): boolean {
  return isId(name) && key === fileAt(prefix, kind, name)
}

/** Classes whose objects have to be asked for hours before they can be read. */
const ARCHIVES = new Set(['GLACIER', 'DEEP_ARCHIVE'])

function checkStorageClass({ storageClass }: S3Options): void {
  const { packs, others } = storageClass ?? {}
  for (const name of [packs, others]) {
    if (name === undefined || /^[A-Z0-9_-]+$/.test(name)) continue
    throw new InvalidInputError(`${JSON.stringify(name)} cannot be the name of a storage class`, {
      hint: 'names of storage classes are in capitals: STANDARD, STANDARD_IA',
    })
  }
  if (others === undefined || !ARCHIVES.has(others)) return
  throw new InvalidInputError(`only packs may be in the storage class ${others}`, {
    hint: 'index, snapshots and locks are read by every command: leave them in STANDARD',
  })
}

function checkRetention({ objectLock }: S3Options): void {
  if (!objectLock || (Number.isInteger(objectLock.days) && objectLock.days > 0)) return
  throw new InvalidInputError(`a retention of ${objectLock.days} days makes no sense`, {
    hint: 'give a whole number of days, at least 1',
  })
}
