import { mapConcurrently } from '../../concurrency.ts'
import { traitHeaders, type Bucket, type ObjectTraits } from './bucket.ts'
import { isRefusal } from './refusal.ts'

const MEBIBYTE = 1024 * 1024

/** Larger objects are sent in parts: a lost connection costs less, and several connections are used. */
const LARGEST_WHOLE_BYTES = 64 * MEBIBYTE
/** All parts but the last are equally large, as R2 wants it. */
const PART_BYTES = 16 * MEBIBYTE
const PARTS_AT_ONCE = 4

export function takesParts(content: Uint8Array): boolean {
  return content.length > LARGEST_WHOLE_BYTES
}

/**
 * Stores a large object through a multipart upload, which is invisible until its last step. Whatever fails before that,
 * and an abort, removes the parts again. The last step itself is not aborted.
 */
export async function putInParts(
  bucket: Bucket,
  key: string,
  content: Uint8Array,
  { onlyIfAbsent, ...traits }: ObjectTraits & { onlyIfAbsent: boolean },
  signal: AbortSignal | undefined,
): Promise<void> {
  const { sdk, name: Bucket } = bucket
  const begin = new sdk.CreateMultipartUploadCommand({ Bucket, Key: key, ...traitHeaders(traits) })
  const begun = await bucket.send('s3:PutObject', signal, (client, options) => client.send(begin, options))
  const upload = { Bucket, Key: key, UploadId: begun.UploadId! }
  try {
    const Parts = await mapConcurrently(partsOf(content), PARTS_AT_ONCE, async ({ PartNumber, Body }) => {
      const part = new sdk.UploadPartCommand({ ...upload, PartNumber, Body })
      const { ETag } = await bucket.send('s3:PutObject', signal, (client, options) => client.send(part, options))
      return { PartNumber, ETag }
    })
    signal?.throwIfAborted()
    const condition = onlyIfAbsent ? { IfNoneMatch: '*' } : {}
    const complete = new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...condition })
    await bucket.send('s3:PutObject', undefined, (client, options) => client.send(complete, options))
  } catch (error) {
    await abandonUpload(bucket, upload)
    throw error
  }
}

/** Removes the parts of an upload that will not be finished. What cannot be removed now is left for a later sweep. */
export async function abandonUpload(
  bucket: Bucket,
  upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
): Promise<boolean> {
  try {
    const abort = new bucket.sdk.AbortMultipartUploadCommand(upload)
    await bucket.send('s3:AbortMultipartUpload', undefined, (client, options) => client.send(abort, options))
    return true
  } catch (error) {
    return isRefusal(error, 'NoSuchUpload')
  }
}

function partsOf(content: Uint8Array) {
  return Array.from({ length: Math.ceil(content.length / PART_BYTES) }, (_, index) => ({
    PartNumber: index + 1,
    Body: content.subarray(index * PART_BYTES, (index + 1) * PART_BYTES),
  }))
}
