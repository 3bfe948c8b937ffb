import type { Bucket } from './bucket.ts'

export interface ListedObject {
  readonly key: string
  /** Bytes. */
  readonly size: number
}

/** Every object whose key begins with `prefix`, in the server's order; one request for each thousand. */
export async function* listObjects(
  bucket: Bucket,
  prefix: string,
  { v1, signal }: { readonly v1: boolean; readonly signal: AbortSignal | undefined },
): AsyncGenerator<ListedObject> {
  const pageAfter = v1 ? pageOfVersion1 : pageOfVersion2
  let next: string | undefined
  do {
    const page = await pageAfter(bucket, prefix, next, signal)
    for (const { Key, Size } of page.objects) if (Key !== undefined) yield { key: Key, size: Size ?? 0 }
    next = page.next
  } while (next !== undefined)
}

interface Page {
  readonly objects: readonly { Key?: string | undefined; Size?: number | undefined }[]
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined
}

async function pageOfVersion2(
  bucket: Bucket,
  Prefix: string,
  next: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const continuation = next === undefined ? {} : { ContinuationToken: next }
  const command = new bucket.sdk.ListObjectsV2Command({ Bucket: bucket.name, Prefix, ...continuation })
  const page = await bucket.send('s3:ListBucket', signal, (client, options) => client.send(command, options))
  return { objects: page.Contents ?? [], next: page.IsTruncated ? page.NextContinuationToken : undefined }
}

/** The first version continues after a key. */
async function pageOfVersion1(
  bucket: Bucket,
  Prefix: string,
  next: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const continuation = next === undefined ? {} : { Marker: next }
  const command = new bucket.sdk.ListObjectsCommand({ Bucket: bucket.name, Prefix, ...continuation })
  const page = await bucket.send('s3:ListBucket', signal, (client, options) => client.send(command, options))
  const objects = page.Contents ?? []
  return { objects, next: page.IsTruncated ? (page.NextMarker ?? objects.at(-1)?.Key) : undefined }
}
