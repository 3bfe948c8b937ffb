import { UsageError } from '../../errors.ts'
import type { S3Location } from '../location.ts'
import { parseWebUrl } from './web-url.ts'

const EXAMPLE = 's3:https://HOST/BUCKET/PREFIX'
const AWS = 's3.amazonaws.com'

/**
 * `https://host[:port]/bucket/prefix`; without a scheme, or with `//` in its place, it is https as in restic.
 *
 * @throws {UsageError}
 */
export function parseS3(text: string): S3Location {
  const url = parseWebUrl(/^https?:\/\//i.test(text) ? text : `https://${text.replace(/^\/\//, '')}`, 's3:', EXAMPLE)
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('the s3: address holds credentials', {
      hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead',
    })
  }
  if (url.search !== '' || url.hash !== '') throw new UsageError('the s3: address has a ? or # in it')
  const [bucket = '', ...prefix] = decodeURIComponent(url.pathname)
    .split('/')
    .filter((part) => part !== '')
  if (bucket === '') throw new UsageError('the s3: address names no bucket', { hint: `write ${EXAMPLE}` })
  const endpoint = url.hostname === AWS ? {} : { endpoint: url.origin }
  return { kind: 's3', ...endpoint, bucket, prefix: prefix.join('/') }
}
