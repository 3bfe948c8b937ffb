import { BackendError } from '../backend.ts'
import { explainStatus, explainTransport, retryAfter } from '../http/http-error.ts'
import { S3Refusal } from './refusal.ts'

export interface S3ErrorContext {
  /** What was attempted, for instance `write pack 01234567`. */
  readonly doing: string
  readonly location: string
  readonly bucket: string
}

/** Says in people's words what went wrong; errors of our own, aborts and bugs come back as they are. */
export function explainS3Error(error: unknown, context: S3ErrorContext): unknown {
  if (error instanceof S3Refusal) return explainRefusal(error, context)
  if (error instanceof Error && /^(CredentialsProviderError|ProviderError|TokenProviderError)$/.test(error.name)) {
    return new BackendError(`cannot ${context.doing} in ${context.location}: there are no credentials`, {
      hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for a profile of ~/.aws',
      cause: error,
    })
  }
  return explainTransport(error, context) ?? error
}

function explainRefusal(refusal: S3Refusal, { doing, location, bucket }: S3ErrorContext): BackendError {
  const { status, headers, code, said } = refusal
  const explained = ofClock(refusal) ?? ofCode(refusal, bucket)
  const words = [code, said].filter((text) => text !== '').join(': ')
  if (!explained) return explainStatus({ status, headers }, { doing, location, accessHint: ACCESS_HINT, said: words })
  const { reason, ...options } = explained
  const retryAfterMs = retryAfter(headers['retry-after'])
  const quoted = words === '' ? `HTTP ${status}` : words.slice(0, 300)
  return new BackendError(`cannot ${doing} in ${location}: ${reason} (${quoted})`, {
    ...options,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: refusal,
  })
}

interface Explanation {
  readonly reason: string
  readonly hint?: string
  readonly transient?: boolean
}

/** Servers refuse requests whose time is a quarter of an hour away from theirs. */
const CLOCK_TOLERANCE_MS = 15 * 60_000

/** Also when the answer has no code: its date tells. */
function ofClock({ code, status, headers }: S3Refusal): Explanation | undefined {
  const date = Date.parse(headers['date'] ?? '')
  const aheadMs = Number.isNaN(date) ? 0 : Date.now() - date
  const isFar = (status === 403 || status === 400) && Math.abs(aheadMs) >= CLOCK_TOLERANCE_MS
  if (code !== 'RequestTimeTooSkewed' && !isFar) return undefined
  const minutes = Math.round(Math.abs(aheadMs) / 60_000)
  const way = aheadMs > 0 ? 'ahead of' : 'behind'
  return {
    reason: isFar
      ? `the clock here is ${minutes} minutes ${way} the server's`
      : "the clock here differs from the server's",
    hint: 'set the clock (timedatectl set-ntp true), then run the same command again',
  }
}

const ACCESS_HINT = 'check the access key, and what it may do in this bucket'

function ofCode({ code, action, region, status }: S3Refusal, bucket: string): Explanation | undefined {
  switch (code) {
    case 'NoSuchBucket':
      return {
        reason: `there is no bucket ${bucket}`,
        hint: 'check its name and the address of the server; `hikae init` makes it if the key may do that',
      }
    case 'InvalidAccessKeyId':
    case 'Unauthorized': // R2's word for it
      return { reason: 'the server does not know the access key', hint: `check AWS_ACCESS_KEY_ID; ${WHICH_SERVER}` }
    case 'SignatureDoesNotMatch':
      return { reason: 'the secret key is wrong', hint: `check AWS_SECRET_ACCESS_KEY; ${WHICH_SERVER}` }
    case 'ExpiredToken':
    case 'TokenRefreshRequired':
      return {
        reason: 'the credentials have expired',
        hint: 'get new ones (AWS_SESSION_TOKEN belongs to them); what is stored is intact',
      }
    case 'InvalidToken':
      return { reason: 'the session token is wrong', hint: 'set AWS_SESSION_TOKEN to the one that belongs to the key' }
    case 'AccessDenied':
    case 'AllAccessDisabled':
    case 'AccountProblem':
      return { reason: `access denied: ${action} is needed`, hint: grantHint(action, bucket) }
    case 'QuotaExceeded':
    case 'ServiceQuotaExceeded':
    case 'InsufficientStorage':
    case 'XMinioStorageFull':
    case 'XMinioAdminBucketQuotaExceeded':
      return {
        reason: 'the quota is used up',
        hint: 'raise the quota, or remove old snapshots with forget and prune; what is stored is intact',
      }
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return {
        reason: region === undefined ? 'the bucket is in another region' : `the bucket is in region ${region}`,
        hint: `set the region (AWS_DEFAULT_REGION, -o s3.region=${region ?? '…'}), or the address of that region`,
      }
    case 'InvalidObjectState':
      return {
        reason: 'the file is in an archive class and cannot be read at once',
        hint: 'restore the objects from the archive first (aws s3api restore-object), then run the same command again',
      }
    case 'InvalidStorageClass':
      return { reason: 'the server has no such storage class', hint: 'choose another one, or none' }
    case 'BucketAlreadyExists':
      return { reason: `the bucket ${bucket} belongs to somebody else`, hint: 'choose another name for the bucket' }
    case 'EntityTooLarge':
      return { reason: 'the file is too large for the server', hint: 'use smaller packs (--pack-size)' }
    case 'SlowDown':
    case 'TooManyRequests':
    case 'Throttling':
    case 'ThrottlingException':
    case 'RequestThrottled':
    case 'RequestRateLimitExceeded':
      return { reason: 'the server asks for fewer requests', hint: 'use fewer connections, or wait', transient: true }
    case 'BadDigest':
    case 'XAmzContentSHA256Mismatch':
    case 'XAmzContentChecksumMismatch':
    case 'IncompleteBody':
      return {
        reason: 'the file was damaged on its way to the server, which refused it',
        hint: 'check the network and the memory of this machine; the same call may succeed later',
        transient: true,
      }
    case 'InternalError':
    case 'OperationAborted':
    case 'ConditionalRequestConflict':
    case 'RequestTimeout':
    case 'NoSuchUpload':
    case 'ServiceUnavailable':
      return { reason: 'the server could not do it just now', hint: 'the same call may succeed later', transient: true }
    default:
      return status < 300
        ? { reason: 'the answer cannot be understood', hint: 'check that the address is that of an S3 server' }
        : undefined
  }
}

const WHICH_SERVER = 'the key must be one of the server that the address names'

function grantHint(action: string, bucket: string): string {
  if (action === 's3:CreateBucket') return `make the bucket ${bucket} yourself, or let the key do ${action}`
  const also = action === 's3:GetObject' ? ' and s3:ListBucket (without it missing files look forbidden)' : ''
  return `allow ${action}${also} for this key and bucket ${bucket}, or use another key`
}
