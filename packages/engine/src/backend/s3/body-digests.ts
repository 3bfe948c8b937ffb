import { createHash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import type { SignedHash } from './signed-hash.ts'

interface SignedRequest {
  readonly method: string
  readonly protocol: string
  readonly query?: Readonly<Record<string, unknown>>
  readonly headers: Record<string, string>
  readonly body?: unknown
}

/**
 * Lets the server check what arrives, for every body that is stored or names what is deleted. Where the caller knows its
 * SHA-256, that is signed, which is enough for servers that compare it. For all others there is the MD5, and also for what is
 * retained, because AWS insists. A body whose SHA-256 is not known is signed too, unless TLS protects it on the way. The
 * checksums of AWS's newer kind, which others store unread or refuse, are left out.
 */
export function addBodyDigests(client: S3Client, signedHash: SignedHash): void {
  client.middlewareStack.add(
    (next) => async (call) => {
      const request = call.request as SignedRequest
      if (request.body !== undefined && (request.method === 'PUT' || 'delete' in (request.query ?? {}))) {
        await addDigests(request, signedHash)
      }
      return await next(call)
    },
    { step: 'build', priority: 'low', name: 'bodyDigests' },
  )
}

async function addDigests({ body, headers, protocol }: SignedRequest, signedHash: SignedHash): Promise<void> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body as Uint8Array)
  const known = headers[KNOWN_SHA256]
  for (const name of Object.keys(headers)) if (CHECKSUM.test(name)) delete headers[name]
  if (known !== undefined) headers[SIGNED_SHA256] = Buffer.from(known, 'base64').toString('hex')
  else headers[SIGNED_SHA256] = protocol === 'https:' ? 'UNSIGNED-PAYLOAD' : await sha256Hex(bytes)
  if (known === undefined || !signedHash.isCompared || RETAINED in headers) {
    headers['content-md5'] = createHash('md5').update(bytes).digest('base64')
  }
}

const CHECKSUM = /^x-amz-(sdk-)?checksum/i
const KNOWN_SHA256 = 'x-amz-checksum-sha256'
const SIGNED_SHA256 = 'x-amz-content-sha256'
const RETAINED = 'x-amz-object-lock-mode'

async function sha256Hex(body: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', body as Uint8Array<ArrayBuffer>)).toString('hex')
}
