import type { BucketLocationConstraint } from '@aws-sdk/client-s3'
import { BackendError } from '../backend.ts'
import type { Bucket } from './bucket.ts'
import { isRefusal } from './refusal.ts'

/**
 * Makes the bucket when there is none.
 *
 * @param options.prefix of the repository; empty for the whole bucket
 * @param options.objectLock make it with object lock, which a bucket has from the beginning or never
 * @throws {BackendError} it would be AWS's choice where it is
 */
export async function makeBucket(
  bucket: Bucket,
  {
    objectLock,
    location,
    prefix,
  }: { readonly objectLock: boolean; readonly location: string; readonly prefix: string },
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await bucketExists(bucket, prefix, signal)) return
  if (bucket.isAws && bucket.region === undefined) {
    throw new BackendError(`cannot create the repository in ${location}: there is no bucket ${bucket.name}`, {
      hint: 'make the bucket yourself, or say in which region it shall be (AWS_DEFAULT_REGION, -o s3.region=…)',
    })
  }
  // AWS wants the name of any region but its first; other servers know their own place best.
  const elsewhere = bucket.isAws && bucket.region !== 'us-east-1' ? bucket.region : undefined
  const command = new bucket.sdk.CreateBucketCommand({
    Bucket: bucket.name,
    ...(elsewhere !== undefined && {
      CreateBucketConfiguration: { LocationConstraint: elsewhere as BucketLocationConstraint },
    }),
    ...(objectLock && { ObjectLockEnabledForBucket: true }),
  })
  try {
    await bucket.send('s3:CreateBucket', signal, (client, options) => client.send(command, options))
  } catch (error) {
    if (!isRefusal(error, 'BucketAlreadyOwnedByYou')) throw error
  }
}

/** One key of a list, where HEAD would do: its refusals have no words. Keys may be allowed to see only their prefix. */
async function bucketExists(bucket: Bucket, prefix: string, signal: AbortSignal | undefined): Promise<boolean> {
  const command = new bucket.sdk.ListObjectsCommand({
    Bucket: bucket.name,
    Prefix: prefix === '' ? '' : `${prefix}/`,
    MaxKeys: 1,
  })
  try {
    await bucket.send('s3:ListBucket', signal, (client, options) => client.send(command, options))
    return true
  } catch (error) {
    if (isRefusal(error, 'NoSuchBucket')) return false
    throw error
  }
}
