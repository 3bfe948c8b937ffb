import { InvalidInputError } from '../../errors.ts'
import type { S3Options } from './options.ts'

/** Where a repository is, as the SDK needs to know it. */
export interface S3Place {
  /** For messages, without secrets: `s3:https://host/bucket/prefix`. */
  readonly location: string
  /** Absent for AWS, whose address follows from the region. */
  readonly endpoint?: URL
  readonly isAws: boolean
  readonly bucket: string
  readonly prefix: string
  /** Absent when AWS has to be asked. */
  readonly region?: string
  readonly pathStyle: boolean
  /** The provider documents that `If-None-Match: *` keeps a write from replacing anything; undefined: try. */
  readonly keepsFromReplacing: true | undefined
}

/** @throws {InvalidInputError} the address, bucket, prefix or region cannot be one */
export function s3Place({ endpoint, bucket, prefix, region, addressing = 'auto' }: S3Options): S3Place {
  checkBucket(bucket)
  checkPrefix(prefix)
  const url = endpoint === undefined ? undefined : parseEndpoint(endpoint)
  const aws = url === undefined ? { region: undefined } : ofAws(url)
  const shown = url ? `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}` : 'https://s3.amazonaws.com'
  const common = {
    location: `s3:${[shown, bucket, prefix].filter((part) => part !== '').join('/')}`,
    bucket,
    prefix,
  }
  if (aws) {
    const named = region === 'auto' ? aws.region : (region ?? aws.region)
    return {
      ...common,
      isAws: true,
      ...(named !== undefined && { region: checkedRegion(named) }),
      pathStyle: addressing === 'path',
      keepsFromReplacing: true,
    }
  }
  const isR2 = url!.hostname.endsWith('.r2.cloudflarestorage.com')
  return {
    ...common,
    endpoint: url!,
    isAws: false,
    region: checkedRegion(region ?? (isR2 ? 'auto' : (regionInHost(url!) ?? 'us-east-1'))),
    pathStyle: addressing === 'auto' ? !wantsVirtual(url!) : addressing === 'path',
    keepsFromReplacing: isR2 || undefined,
  }
}

function parseEndpoint(endpoint: string): URL {
  const shape = 'give it as https://host or https://host:port; bucket and prefix have their own options'
  if (!URL.canParse(endpoint)) throw new InvalidInputError('the address of the S3 server is not a URL', { hint: shape })
  const url = new URL(endpoint)
  if (url.username !== '' || url.password !== '') {
    throw new InvalidInputError('the address of an S3 server takes no user and password', {
      hint: 'give the keys as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    })
  }
  if (!/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new InvalidInputError(`${endpoint} is not the address of an S3 server`, { hint: shape })
  }
  return url
}

/** AWS by one of its usual names; other names of it (VPC endpoints, FIPS) are used as they are. */
function ofAws({ hostname }: URL): { region: string | undefined } | undefined {
  const match = /^s3(?:[.-](?<region>[a-z]{2}(?:-[a-z]+)+-\d+))?\.amazonaws\.com(?:\.cn)?$/.exec(hostname)
  return match ? { region: match.groups?.['region'] } : undefined
}

/** Providers whose host names carry the region that requests have to be signed for. */
function regionInHost({ hostname }: URL): string | undefined {
  const named = /^s3\.(?:dualstack\.)?([a-z0-9-]+)\.(?:backblazeb2\.com|wasabisys\.com|scw\.cloud|amazonaws\.com)$/
  return named.exec(hostname)?.[1]
}

/** Alibaba's object storage refuses buckets in the path. */
function wantsVirtual({ hostname }: URL): boolean {
  return hostname.endsWith('.aliyuncs.com') || /\.amazonaws\.com(\.cn)?$/.test(hostname)
}

function checkBucket(bucket: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) return
  throw new InvalidInputError(`${JSON.stringify(bucket)} cannot be the name of a bucket`, {
    hint: 'names of buckets have 3 to 63 lower-case letters, digits, dots and hyphens',
  })
}

function checkPrefix(prefix: string): void {
  const parts = prefix.split('/')
  if (prefix === '' || !parts.some((part) => part === '' || part === '.' || part === '..')) return
  throw new InvalidInputError(`${JSON.stringify(prefix)} cannot be the path of a repository in a bucket`, {
    hint: 'leave out slashes at its ends, double slashes, and parts that are . or ..',
  })
}

function checkedRegion(region: string): string {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(region)) return region
  throw new InvalidInputError(`${JSON.stringify(region)} cannot be the name of a region`, {
    hint: 'use the name that your provider shows, for instance eu-central-1; `auto` for R2',
  })
}
