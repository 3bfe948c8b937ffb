import type { ObjectLockMode, PutObjectCommandInput, S3Client, StorageClass } from '@aws-sdk/client-s3'
import type { HttpSender } from '../http/http-message.ts'
import { addBodyDigests } from './body-digests.ts'
import { askForRegion } from './bucket-region.ts'
import type { S3Credentials } from './options.ts'
import type { S3Place } from './place.ts'
import { isRefusal, refusalOf, type S3Action } from './refusal.ts'
import { SdkRequestHandler } from './request-handler.ts'
import { SignedHash } from './signed-hash.ts'

/** The whole SDK; loading it takes as long as starting the program, so that only this backend does. */
export type S3Sdk = typeof import('@aws-sdk/client-s3')

/** What a new object is to have besides its content. */
export interface ObjectTraits {
  /** Of the content, in hex, where it is known already. */
  readonly sha256?: string
  readonly storageClass?: string
  readonly retention?: { readonly mode: ObjectLockMode; readonly until: Date }
}

export interface BucketOptions {
  readonly sdk: S3Sdk
  readonly sender: HttpSender
  readonly place: S3Place
  readonly credentials?: S3Credentials
}

export interface RequestOptions {
  readonly abortSignal?: AbortSignal
}

/**
 * One bucket of one server, in terms of keys. Every method is a single request, sent once; it throws {@link S3Refusal}
 * for any answer but the one asked for, and the sender's errors as they are.
 */
export class Bucket {
  readonly name: string
  readonly sdk: S3Sdk
  readonly #client: S3Client
  readonly #sender: HttpSender
  /** Whether AWS can be asked for its region. */
  readonly isAws: boolean
  #region: string | undefined
  readonly #signedHash: SignedHash

  constructor({ sdk, sender, place, credentials }: BucketOptions) {
    this.sdk = sdk
    this.name = place.bucket
    this.#sender = sender
    this.isAws = place.isAws
    this.#region = place.region
    this.#client = new sdk.S3Client({
      ...(place.endpoint && { endpoint: place.endpoint.href }),
      region: () => Promise.resolve(this.#region ?? AWS_WITHOUT_REGION),
      forcePathStyle: place.pathStyle,
      ...(credentials && { credentials }),
      requestHandler: new SdkRequestHandler(sender),
      // Our callers repeat what may succeed later.
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      expectContinueHeader: false,
    })
    this.#signedHash = new SignedHash(place.isAws || undefined)
    addBodyDigests(this.#client, this.#signedHash)
  }

  /** Where requests are sent; undefined when AWS knows no such bucket. */
  get region(): string | undefined {
    return this.#region
  }

  /**
   * Sends a request through the SDK, once, unless the answer says that the bucket is in another region: then once more, to
   * that one, and so are all later requests.
   */
  async send<Output>(
    action: S3Action,
    signal: AbortSignal | undefined,
    run: (client: S3Client, options: RequestOptions) => Promise<Output>,
  ): Promise<Output> {
    signal?.throwIfAborted()
    if (this.isAws) this.#region ??= await askForRegion(this.#sender, this.name, signal)
    const region = this.#region
    const attempt = async (): Promise<Output> => {
      try {
        return await run(this.#client, signal ? { abortSignal: signal } : {})
      } catch (error) {
        signal?.throwIfAborted()
        throw refusalOf(error, action) ?? error
      }
    }
    try {
      return await attempt()
    } catch (error) {
      if (!isRefusal(error, 301, 'AuthorizationHeaderMalformed')) throw error
      if (error.region === undefined || error.region === region) throw error
      this.#region = error.region
      return await attempt()
    }
  }

  /** @returns bytes */
  async size(key: string, signal: AbortSignal | undefined): Promise<number> {
    return (await this.head(key, signal)).ContentLength ?? 0
  }

  async head(key: string, signal: AbortSignal | undefined) {
    try {
      return await this.send('s3:GetObject', signal, (client, options) =>
        client.send(new this.sdk.HeadObjectCommand({ Bucket: this.name, Key: key }), options),
      )
    } catch (error) {
      if (isRefusal(error, 400, 403)) await this.#hearWhy(key, signal)
      throw error
    }
  }

  /** @param range both ends count; the answer's body has to be read or destroyed */
  async get(key: string, [first, last]: readonly [number, number], signal: AbortSignal | undefined) {
    const Range = `bytes=${first}-${last}`
    return await this.send('s3:GetObject', signal, (client, options) =>
      client.send(new this.sdk.GetObjectCommand({ Bucket: this.name, Key: key, Range }), options),
    )
  }

  async put(
    key: string,
    content: Uint8Array,
    { onlyIfAbsent, ...traits }: ObjectTraits & { onlyIfAbsent: boolean },
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const put = async (sha256?: string): Promise<void> => {
      const command = new this.sdk.PutObjectCommand({
        Bucket: this.name,
        Key: key,
        Body: content,
        ...(sha256 !== undefined && { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') }),
        ...traitHeaders(traits),
        ...(onlyIfAbsent && { IfNoneMatch: '*' }),
      })
      await this.send('s3:PutObject', signal, (client, options) => client.send(command, options))
    }
    if (traits.sha256 === undefined) await put()
    else await this.#signedHash.send(traits.sha256, content, put)
  }

  /** Succeeds also when there is no such object. */
  async remove(key: string, signal: AbortSignal | undefined): Promise<void> {
    await this.send('s3:DeleteObject', signal, (client, options) =>
      client.send(new this.sdk.DeleteObjectCommand({ Bucket: this.name, Key: key }), options),
    )
  }

  destroy(): void {
    this.#client.destroy()
  }

  /** Answers to HEAD have no words. A request for the first byte is refused for the same reason, and says it. */
  async #hearWhy(key: string, signal: AbortSignal | undefined): Promise<void> {
    const { Body } = await this.get(key, [0, 0], signal)
    ;(Body as { destroy?: () => void } | undefined)?.destroy?.()
  }
}

/** What the SDK's commands call the traits, for an object whether it is sent whole or in parts. */
export function traitHeaders({ storageClass, retention }: ObjectTraits): Partial<PutObjectCommandInput> {
  return {
    ...(storageClass !== undefined && { StorageClass: storageClass as StorageClass }),
    ...(retention && { ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: retention.until }),
  }
}

/** For asking AWS about a bucket that it does not know yet. */
const AWS_WITHOUT_REGION = 'us-east-1'
