import { userInfo } from 'node:os'

export const SWIFT_STORES = ['account', 'container', 'object'] as const
export type SwiftStore = (typeof SWIFT_STORES)[number]

export interface SwiftAccess {
  readonly account: string
  readonly user: string
  readonly key: string
}

/** `swift.conf`, which all parts share. */
export const SHARED_CONFIG = `[swift-hash]
swift_hash_path_prefix = t
swift_hash_path_suffix = t
[storage-policy:0]
name = gold
default = yes
`

/** Configuration of one of the three servers that store. */
export function storeConfig(store: SwiftStore, port: number, folder: string): string {
  return `${serverSection(port, folder)}devices = ${folder}/srv
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = ${store}-server
[app:${store}-server]
use = egg:swift#${store}
`
}

/** Configuration of the server that clients talk to. Without the cache its authentication does not work. */
export function proxyConfig(port: number, cachePort: number, folder: string, access: SwiftAccess): string {
  const plain = ['catch_errors', 'gatekeeper', 'healthcheck', 'listing_formats', 'bulk', 'copy', 'dlo', 'symlink']
  return `${serverSection(port, folder)}[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck memcache listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
${plain.map((filter) => `[filter:${filter}]\nuse = egg:swift#${filter}\n`).join('')}[filter:memcache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${cachePort}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
dns_compliant_bucket_names = true
max_upload_part_num = 10000
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_${access.account}_${access.user} = ${access.key} .admin
[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
`
}

function serverSection(port: number, folder: string): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${userInfo().username}
swift_dir = ${folder}
log_level = WARNING
`
}
