import type { FailureDomain } from './failure-domain.ts'

/** Three copies, the data itself being one, on two media, one of them off-site. */
export const THREE_TWO_ONE = { copies: 3, media: 2, offSite: 1 } as const

export interface ScoredRepository {
  readonly label: string
  readonly domain: FailureDomain
  /** `unknown` for one that cannot be asked now. */
  readonly holds: 'snapshots' | 'nothing' | 'unknown'
}

/** Why a repository does not count as a copy of its own. */
export type Remark = { readonly label: string } & (
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unknown-domain'; readonly description: string }
  | { readonly kind: 'with-live-data'; readonly description: string }
  /** One accident takes both. */
  | { readonly kind: 'with-sibling'; readonly sibling: string; readonly description: string }
)

export interface Score {
  /** With the live data. */
  readonly copies: number
  readonly media: number
  readonly offSite: number
  readonly remarks: readonly Remark[]
  /** How many of each are lacking; 0 when met. */
  readonly missing: { readonly copies: number; readonly media: number; readonly offSite: number }
  /** Repositories that count, but of which nobody can say whether they stand elsewhere. */
  readonly unknownSites: readonly string[]
}

interface Copy {
  readonly labels: readonly string[]
  readonly domains: readonly FailureDomain[]
}

/** Counts what one accident leaves: repositories that share a disk, host or account are one copy. */
export function threeTwoOne(live: FailureDomain, repositories: readonly ScoredRepository[]): Score {
  const remarks: Remark[] = []
  let liveCopy: Copy = { labels: [], domains: [live] }
  let copies: Copy[] = []
  for (const { label, domain, holds } of repositories) {
    const { description } = domain
    const own: Copy = { labels: [label], domains: [domain] }
    if (holds !== 'snapshots') remarks.push({ label, kind: holds === 'nothing' ? 'empty' : 'unreachable' })
    else if (domain.keys.length === 0) remarks.push({ label, kind: 'unknown-domain', description })
    else {
      const shared = copies.filter((copy) => isShared(copy, domain))
      const merged = shared.reduce(join, own)
      copies = copies.filter((copy) => !shared.includes(copy))
      const sibling = shared[0]?.labels[0]
      if (isShared(liveCopy, domain)) {
        liveCopy = join(liveCopy, merged)
        remarks.push({ label, kind: 'with-live-data', description })
      } else {
        copies.push(merged)
        if (sibling !== undefined) remarks.push({ label, kind: 'with-sibling', sibling, description })
      }
    }
  }
  const counted = {
    copies: copies.length + 1,
    media: mediaOf([{ labels: [], domains: [live] }, ...copies]),
    offSite: copies.filter(({ domains }) => domains.some(({ site }) => site.kind === 'elsewhere')).length,
  }
  return { ...counted, remarks, missing: missing(counted), unknownSites: copies.flatMap(labelsOfUnknownSite) }
}

function isShared({ domains }: Copy, { keys }: FailureDomain): boolean {
  return domains.some((domain) => domain.keys.some((key) => keys.includes(key)))
}

function join(one: Copy, other: Copy): Copy {
  return { labels: [...one.labels, ...other.labels], domains: [...one.domains, ...other.domains] }
}

/** One medium per copy, whatever else shares its accidents. */
function mediaOf(copies: readonly Copy[]): number {
  const media = copies.flatMap(({ domains }) => domains.find(({ medium }) => medium !== undefined)?.medium ?? [])
  return new Set(media.map((medium) => medium.toLowerCase())).size
}

function missing({ copies, media, offSite }: Pick<Score, 'copies' | 'media' | 'offSite'>): Score['missing'] {
  return {
    copies: Math.max(0, THREE_TWO_ONE.copies - copies),
    media: Math.max(0, THREE_TWO_ONE.media - media),
    offSite: Math.max(0, THREE_TWO_ONE.offSite - offSite),
  }
}

function labelsOfUnknownSite({ labels, domains }: Copy): readonly string[] {
  return domains.every(({ site }) => site.kind === 'unknown') ? labels : []
}
