import type { Bucket } from './bucket.ts'
import { abandonUpload } from './put-in-parts.ts'
import { isRefusal } from './refusal.ts'

interface Upload {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
}

/**
 * Ends uploads in parts that killed programs left unfinished: nobody sees their parts, but they are paid for.
 *
 * @param isOurs whether a key is one of the repository's
 * @param startedBeforeMs epoch milliseconds; younger ones are left alone
 * @returns how many were ended, and the bytes of their parts; zero where the server, or the key, cannot list them
 */
export async function sweepUploads(
  bucket: Bucket,
  { prefix, isOurs, startedBeforeMs }: { prefix: string; isOurs: (key: string) => boolean; startedBeforeMs: number },
  signal: AbortSignal | undefined,
): Promise<{ files: number; bytes: number }> {
  const swept = { files: 0, bytes: 0 }
  try {
    for await (const { initiatedMs, ...upload } of unfinished(bucket, prefix, signal)) {
      if (initiatedMs > startedBeforeMs || !isOurs(upload.Key)) continue
      const bytes = await bytesOf(bucket, upload, signal)
      if (!(await abandonUpload(bucket, upload))) continue
      swept.files++
      swept.bytes += bytes
    }
  } catch (error) {
    if (!isRefusal(error, 403, 405, 501)) throw error
  }
  return swept
}

async function* unfinished(
  bucket: Bucket,
  Prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Upload & { readonly initiatedMs: number }> {
  let after: { KeyMarker: string; UploadIdMarker: string } | undefined
  do {
    const command = new bucket.sdk.ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix, ...after })
    const page = await bucket.send('s3:ListBucketMultipartUploads', signal, (client, options) =>
      client.send(command, options),
    )
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || Initiated === undefined) continue
      yield { Bucket: bucket.name, Key, UploadId, initiatedMs: Initiated.getTime() }
    }
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page
    after =
      IsTruncated && NextKeyMarker !== undefined
        ? { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker ?? '' }
        : undefined
  } while (after !== undefined)
}

/** Of the first thousand parts, which is all that our packs ever have. */
async function bytesOf(bucket: Bucket, upload: Upload, signal: AbortSignal | undefined): Promise<number> {
  const command = new bucket.sdk.ListPartsCommand(upload)
  const { Parts = [] } = await bucket.send('s3:ListMultipartUploadParts', signal, (client, options) =>
    client.send(command, options),
  )
  return Parts.reduce((sum, { Size = 0 }) => sum + Size, 0)
}
