/** What a request does, as the policies of AWS and its kin name it: `s3:PutObject`. */
export type S3Action =
  | 's3:AbortMultipartUpload'
  | 's3:CreateBucket'
  | 's3:DeleteObject'
  | 's3:GetBucketObjectLockConfiguration'
  | 's3:GetObject'
  | 's3:ListBucket'
  | 's3:ListBucketMultipartUploads'
  | 's3:ListMultipartUploadParts'
  | 's3:PutObject'
  | 's3:PutObjectRetention'

/** An answer that is not the one asked for; what the SDK throws, as far as it matters. */
export class S3Refusal extends Error {
  override readonly name = 'S3Refusal'
  readonly action: S3Action
  readonly status: number
  /** For instance `NoSuchKey`; empty when the server gave none, as in all answers to HEAD. */
  readonly code: string
  /** In the server's words; may be empty. */
  readonly said: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Where the bucket is, when the answer says so. */
  readonly region: string | undefined

  constructor(
    action: S3Action,
    answer: { status: number; code: string; said: string; headers: Readonly<Record<string, string>>; region?: string },
    cause: unknown,
  ) {
    super(`${action} was answered with ${answer.status} ${answer.code}`, { cause })
    this.action = action
    this.status = answer.status
    this.code = answer.code
    this.said = answer.said
    this.headers = answer.headers
    this.region = answer.region ?? answer.headers['x-amz-bucket-region']
  }
}

/** @returns undefined when the SDK reports something else than an answer */
export function refusalOf(error: unknown, action: S3Action): S3Refusal | undefined {
  if (!(error instanceof Error)) return undefined
  const { $metadata, $response, Code, Region, name, message } = error as SdkError
  const status = $metadata?.httpStatusCode ?? $response?.statusCode
  if (status === undefined) return undefined
  const code = Code ?? (NAMES_WITHOUT_CODE.test(name) ? '' : name)
  const said = message === 'UnknownError' ? '' : message
  const headers = $response?.headers ?? {}
  return new S3Refusal(action, { status, code, said, headers, ...(Region !== undefined && { region: Region }) }, error)
}

export function isRefusal(error: unknown, ...codesOrStatuses: (string | number)[]): error is S3Refusal {
  if (!(error instanceof S3Refusal)) return false
  return codesOrStatuses.some((wanted) => wanted === error.code || wanted === error.status)
}

/** Names that the SDK makes up when the answer has no code. */
const NAMES_WITHOUT_CODE = /^(Error|SyntaxError|TypeError|Unknown|UnknownError|NotFound|\d+)$/

interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> }
  readonly Code?: string
  readonly Region?: string
}
