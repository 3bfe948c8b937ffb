import { describe, expect, test } from 'vitest'
import { type DomainFacts, failureDomain, liveDomain, type LiveData } from './failure-domain.ts'
import { type HostFacts, placeOf } from './host-facts.ts'
import type { RepositoryLocation, S3Location } from './location.ts'
import type { StorageFacts } from './storage-facts.ts'

const system: StorageFacts = { kind: 'disks', disks: ['8:0'], isRemovable: false }
const usb: StorageFacts = { kind: 'disks', disks: ['8:16'], isRemovable: true }
const live: LiveData = { storage: system }
const folder: RepositoryLocation = { kind: 'local', path: '/mnt/usb/hikae' }
const sftp: RepositoryLocation = { kind: 'sftp', host: 'nas', path: '/hikae' }
const rclone: RepositoryLocation = { kind: 'rclone', remote: 'drive:hikae' }

function s3(fields: Partial<S3Location> = {}): S3Location {
  return { kind: 's3', bucket: 'bucket', prefix: '', ...fields }
}

function domainOf(facts: Partial<DomainFacts>) {
  return failureDomain({ location: folder, stated: {}, ...facts }, live)
}

function host(name: string, place: HostFacts['place']): HostFacts {
  return { name, place }
}

describe('where a repository stands', () => {
  test('a folder is on its disks, and where this machine is', () => {
    expect(domainOf({ storage: usb })).toMatchObject({
      keys: ['disk 8:16'],
      medium: 'removable disk',
      site: { kind: 'here' },
    })
    expect(domainOf({ storage: system }).keys).toEqual(liveDomain(live).keys)
    const raid: StorageFacts = { kind: 'disks', disks: ['8:16', '8:32'], isRemovable: false }
    expect(domainOf({ storage: raid })).toMatchObject({ keys: ['disk 8:16', 'disk 8:32'], medium: 'disk' })
  })

  test('a disk stays the disk that it is, whatever is said of it', () => {
    const stated = { provider: 'hetzner', account: 'a', media: 'tape', site: 'vault' }
    expect(domainOf({ storage: usb, stated })).toMatchObject({
      keys: ['disk 8:16', 'account hetzner a'],
      medium: 'tape',
      site: { kind: 'here' },
    })
  })

  test('memory is no place for a copy', () => {
    expect(domainOf({ storage: { kind: 'memory' } })).toMatchObject({ keys: [], medium: undefined })
    expect(domainOf({})).toMatchObject({ keys: [], site: { kind: 'unknown' } })
  })

  test('a mounted folder of a server is on that server, however it is reached', () => {
    const storage: StorageFacts = { kind: 'network', server: 'nas' }
    const nas = host('nas', 'same-site')
    const mounted = domainOf({ storage, host: nas })
    expect(mounted).toMatchObject({ keys: ['host nas'], medium: 'other machine', site: { kind: 'here' } })
    expect(domainOf({ location: sftp, host: nas }).keys).toEqual(mounted.keys)
    const rest: RepositoryLocation = { kind: 'rest', url: 'https://nas:8000/' }
    expect(domainOf({ location: rest, host: nas }).keys).toEqual(mounted.keys)
  })

  test('a server on this machine has the disk of the live data, unless something else is said', () => {
    const own = host('localhost', 'this-machine')
    expect(domainOf({ location: sftp, host: own })).toMatchObject({ keys: ['disk 8:0'], site: { kind: 'here' } })
    const tunnel = domainOf({
      location: sftp,
      host: own,
      stated: { provider: 'hetzner', account: 'box', site: 'cloud' },
    })
    expect(tunnel).toMatchObject({ keys: ['account hetzner box'], site: { kind: 'elsewhere', name: 'cloud' } })
    const minio = s3({ endpoint: 'http://localhost:9000' })
    expect(domainOf({ location: minio, host: own })).toMatchObject({ keys: ['disk 8:0'], medium: 'object storage' })
  })

  test('a host that is near is not off-site, unless it is said to be', () => {
    const near = host('10.0.0.2', 'same-site')
    expect(domainOf({ location: sftp, host: near }).site).toEqual({ kind: 'here' })
    expect(domainOf({ location: sftp, host: near, stated: { site: 'cellar' } })).toMatchObject({
      keys: ['host 10.0.0.2'],
      site: { kind: 'elsewhere', name: 'cellar' },
    })
    expect(domainOf({ location: sftp, host: host('far.example', 'elsewhere') }).site.kind).toBe('elsewhere')
    expect(
      domainOf({ location: sftp, host: host('far.example', 'elsewhere'), stated: { site: 'here' } }).site.kind,
    ).toBe('here')
    expect(domainOf({ location: sftp, host: host('alias', 'unknown') }).site.kind).toBe('unknown')
  })

  test.for<[string, S3Location, string | undefined, string, string]>([
    ['AWS', s3({ region: 'eu-west-1' }), 'AKIA1', 'account aws AKIA1', 'aws eu-west-1'],
    [
      'AWS by its host',
      s3({ endpoint: 'https://s3.eu-west-1.amazonaws.com' }),
      'AKIA1',
      'account aws AKIA1',
      'aws eu-west-1',
    ],
    ['AWS by a profile', s3(), undefined, 'account aws of the environment', 'aws'],
    ['R2', s3({ endpoint: 'https://0a1b.r2.cloudflarestorage.com' }), 'x', 'account cloudflare 0a1b', 'cloudflare'],
    [
      'R2 in Europe',
      s3({ endpoint: 'https://0a1b.eu.r2.cloudflarestorage.com' }),
      'y',
      'account cloudflare 0a1b',
      'cloudflare',
    ],
    [
      'B2',
      s3({ endpoint: 'https://s3.us-west-004.backblazeb2.com' }),
      'k',
      'account backblaze k',
      'backblaze us-west-004',
    ],
  ])('%s is its account', ([, location, accessKeyId, key, site]) => {
    const facts = { location, host: host('s3', 'elsewhere'), ...(accessKeyId === undefined ? {} : { accessKeyId }) }
    expect(domainOf(facts)).toMatchObject({
      keys: [key],
      medium: 'object storage',
      site: { kind: 'elsewhere', name: site },
    })
  })

  test('another S3 server is its host, whatever the key', () => {
    const location = s3({ endpoint: 'https://minio.example:9000' })
    const [one, other] = ['a', 'b'].map((accessKeyId) =>
      domainOf({ location, accessKeyId, host: host('minio.example', 'elsewhere') }),
    )
    expect(one).toMatchObject({ keys: ['host minio.example'], medium: 'object storage', site: { kind: 'elsewhere' } })
    expect(other).toEqual(one)
  })

  test('an account that is stated is believed: two keys may belong to it', () => {
    const stated = { account: 'company' }
    const [one, other] = ['a', 'b'].map((accessKeyId) => domainOf({ location: s3(), accessKeyId, stated }))
    expect(one!.keys).toEqual(['account aws company'])
    expect(other!.keys).toEqual(one!.keys)
  })

  test('rclone is unknown until something is said', () => {
    expect(domainOf({ location: rclone })).toMatchObject({ keys: [], medium: undefined, site: { kind: 'unknown' } })
    expect(domainOf({ location: rclone, stated: { site: 'cloud' } })).toMatchObject({
      keys: ['site cloud'],
      site: { kind: 'elsewhere', name: 'cloud' },
    })
    expect(domainOf({ location: rclone, stated: { provider: 'google', media: 'cloud drive' } })).toMatchObject({
      keys: ['account google '],
      medium: 'cloud drive',
    })
  })

  test('nothing that tells what a key is gets out', () => {
    const domain = domainOf({ location: s3(), accessKeyId: 'AKIASECRET' })
    expect(domain.description).not.toContain('AKIASECRET')
  })
})

describe('where a host is', () => {
  const own = { hostname: 'db1', addresses: ['192.168.1.5', '203.0.113.9', 'fd00::5'] }

  test.for<[string, string[], HostFacts['place']]>([
    ['localhost', [], 'this-machine'],
    ['db1', [], 'this-machine'],
    ['127.3.2.1', ['127.3.2.1'], 'this-machine'],
    ['::1', ['::1'], 'this-machine'],
    ['backup.example', ['203.0.113.9'], 'this-machine'],
    ['nas', ['192.168.1.9'], 'same-site'],
    ['nas.local', [], 'same-site'],
    ['nas', ['fd00::9'], 'same-site'],
    ['172.31.255.255', ['172.31.255.255'], 'same-site'],
    ['172.32.0.0', ['172.32.0.0'], 'elsewhere'],
    ['backup.example', ['198.51.100.1', '2001:db8::1'], 'elsewhere'],
    ['alias-of-ssh', [], 'unknown'],
  ])('%s with addresses %j is %s', ([name, addresses, place]) => {
    expect(placeOf(name, addresses, own)).toBe(place)
  })
})
