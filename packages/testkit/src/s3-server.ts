import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3'

/** Who may do what on an S3 server. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** An S3 server on loopback. */
export interface S3Server extends AsyncDisposable {
  /** For instance `http://127.0.0.1:40123`. */
  readonly endpoint: string
  readonly credentials: S3Credentials
  /** For looking behind what is tested. */
  readonly client: S3Client
  makeBucket(name: string): Promise<void>
}

/** A client as other programs have it, for servers that know no more checksums than they must. */
export function s3Client(endpoint: string, credentials: S3Credentials): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

/** What a bucket with versions holds below a prefix: everything that was written, and what was removed since. */
export async function countVersions(
  client: S3Client,
  bucket: string,
  prefix: string,
): Promise<{ written: number; removed: number }> {
  const answer = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }))
  return { written: answer.Versions?.length ?? 0, removed: answer.DeleteMarkers?.length ?? 0 }
}
