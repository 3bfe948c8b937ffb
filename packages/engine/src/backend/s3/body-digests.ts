import { createHash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'

interface SignedRequest {
  readonly method: string
  readonly protocol: string
  readonly query?: Readonly<Record<string, unknown>>
  readonly headers: Record<string, string>
  readonly body?: unknown
}

/**
 * Lets the server check what arrives. Every body that is stored, or names what is deleted, carries its MD5, which all
 * servers compare; the checksums of AWS's newer kind, which others store unread or refuse, are left out. Bodies that TLS
 * protects are not signed on top of that; others carry their SHA-256, computed off the main thread.
 */
export function addBodyDigests(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (call) => {
      const request = call.request as SignedRequest
      if (request.body !== undefined && (request.method === 'PUT' || 'delete' in (request.query ?? {}))) {
        const body = typeof request.body === 'string' ? Buffer.from(request.body) : (request.body as Uint8Array)
        for (const name of Object.keys(request.headers)) if (CHECKSUM.test(name)) delete request.headers[name]
        request.headers['content-md5'] = createHash('md5').update(body).digest('base64')
        request.headers['x-amz-content-sha256'] =
          request.protocol === 'https:' ? 'UNSIGNED-PAYLOAD' : await sha256Hex(body)
      }
      return await next(call)
    },
    { step: 'build', priority: 'low', name: 'bodyDigests' },
  )
}

const CHECKSUM = /^x-amz-(sdk-)?checksum/i

async function sha256Hex(body: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', body as Uint8Array<ArrayBuffer>)).toString('hex')
}
