import type { S3Location } from './location.ts'

export interface ObjectStorageAccount {
  readonly provider: string
  /** Whatever tells accounts apart; the access key where the address says nothing. */
  readonly account: string
  /** Empty when it is the account's only place. */
  readonly region: string
}

/** By the end of the host name; the account of those that have one there. */
const PROVIDERS: readonly (readonly [host: RegExp, provider: string])[] = [
  [/(?:^|\.)amazonaws\.com(?:\.cn)?$/, 'aws'],
  [/^(?<account>[0-9a-f]+)(?:\.(?:eu|fedramp))?\.r2\.cloudflarestorage\.com$/, 'cloudflare'],
  [/(?:^|\.)backblazeb2\.com$/, 'backblaze'],
  [/(?:^|\.)wasabisys\.com$/, 'wasabi'],
  [/(?:^|\.)digitaloceanspaces\.com$/, 'digitalocean'],
  [/(?:^|\.)scw\.cloud$/, 'scaleway'],
  [/(?:^|\.)your-objectstorage\.com$/, 'hetzner'],
  [/(?:^|\.)googleapis\.com$/, 'google'],
]

/**
 * Provider and account of a bucket. Two regions of one account are one: who loses the account loses both.
 *
 * @returns undefined for servers of one's own and providers that are not known: their host is what is known of them
 */
export function objectStorageAccount(
  { endpoint, region = '' }: S3Location,
  accessKeyId: string | undefined,
): ObjectStorageAccount | undefined {
  const account = accessKeyId ?? 'of the environment'
  if (endpoint === undefined) return { provider: 'aws', account, region }
  const { hostname } = new URL(endpoint)
  for (const [host, provider] of PROVIDERS) {
    const match = host.exec(hostname)
    if (match) return { provider, account: match.groups?.['account'] ?? account, region: region || regionIn(hostname) }
  }
  return undefined
}

/** `s3.eu-central-1.amazonaws.com` → `eu-central-1` */
function regionIn(hostname: string): string {
  return /\b[a-z]{2,}-[a-z]+-\d{1,3}\b/.exec(hostname)?.[0] ?? ''
}
