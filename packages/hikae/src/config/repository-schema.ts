import { z } from 'zod'
import { parseSize } from '../size.ts'
import { parseAddress } from '../repositories/address/address.ts'
import type { RepositoryLocation } from '../repositories/location.ts'
import type { SecretReference } from '../secrets/secret.ts'
import { errorMessage } from '../errors.ts'
import { withoutUndefined } from '../without-undefined.ts'
import { secretSchema } from '../secrets/secret-schema.ts'

const text = z.string().min(1)
const connections = z.int().min(1).max(1000).optional()

const s3 = z.strictObject({
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  bucket: text,
  prefix: z
    .string()
    .default('')
    .transform((prefix) => prefix.replace(/^\/+|\/+$/g, '')),
  region: text.optional(),
  addressing: z.enum(['auto', 'path', 'virtual']).optional(),
  storageClass: text.optional(),
  objectLock: z.strictObject({ mode: z.enum(['governance', 'compliance']), days: z.int().min(1) }).optional(),
  listObjectsV1: z.boolean().optional(),
  connections,
  accessKeyId: secretSchema.optional(),
  secretAccessKey: secretSchema.optional(),
  sessionToken: secretSchema.optional(),
})

const sftp = z.strictObject({
  host: text,
  user: text.optional(),
  port: z.int().min(1).max(65_535).optional(),
  path: text,
  client: z.enum(['system', 'builtin']).optional(),
  identityFiles: z.array(text).optional(),
  knownHostsFiles: z.array(text).optional(),
  password: secretSchema.optional(),
  connections,
})

const rest = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).transform((url) => (url.endsWith('/') ? url : `${url}/`)),
  user: secretSchema.optional(),
  password: secretSchema.optional(),
  connections,
})

const rclone = z.strictObject({ remote: text, program: z.array(text).min(1).optional(), connections })

/** An address as on the command line, or the same in parts. */
function addressOr<Parts extends z.ZodType>(scheme: string, parts: Parts) {
  const address = z.string().transform((given, context): RepositoryLocation => {
    try {
      return parseAddress(given.startsWith(`${scheme}:`) ? given : `${scheme}:${given}`)
    } catch (error) {
      context.addIssue({ code: 'custom', message: errorMessage(error) })
      return z.NEVER
    }
  })
  return z.union([
    address,
    parts.transform((fields) => ({ kind: scheme, ...(fields as object) }) as RepositoryLocation),
  ])
}

const size = z.union([z.number().positive(), text]).transform((given, context) => {
  try {
    return parseSize(String(given))
  } catch (error) {
    context.addIssue({ code: 'custom', message: errorMessage(error) })
    return z.NEVER
  }
})

const PLACES = ['local', 's3', 'sftp', 'rest', 'rclone'] as const

/** One of `repositories:`. */
export const repositorySchema = z
  .strictObject({
    local: text.optional(),
    s3: s3.transform((fields): RepositoryLocation => ({ kind: 's3', ...withoutUndefined(fields) })).optional(),
    sftp: addressOr('sftp', sftp).optional(),
    rest: addressOr('rest', rest).optional(),
    rclone: addressOr('rclone', rclone).optional(),
    disk: z.strictObject({ uuid: text, mount: text.startsWith('/') }).optional(),
    password: secretSchema,
    location: z
      .strictObject({
        media: text.optional(),
        site: text.optional(),
        provider: text.optional(),
        account: text.optional(),
      })
      .optional(),
    limits: z.strictObject({ upload: size.optional(), download: size.optional() }).optional(),
    tls: z
      .strictObject({ ca: text.optional(), clientCertificate: text.optional(), insecure: z.boolean().optional() })
      .optional(),
  })
  .transform((given, context): ConfiguredRepository => {
    const places = PLACES.filter((place) => given[place] !== undefined)
    if (places.length !== 1) {
      const found = places.length === 0 ? 'none is there' : `there are ${places.join(' and ')}`
      context.addIssue({ code: 'custom', message: `a repository lies in one of ${PLACES.join(', ')}: ${found}` })
      return z.NEVER
    }
    if (given.disk && given.local === undefined) {
      context.addIssue({ code: 'custom', path: ['disk'], message: 'only a local: repository lies on a disk' })
      return z.NEVER
    }
    const { local, disk, password, location: domain = {}, limits = {}, tls = {} } = given
    const place: RepositoryLocation =
      local === undefined
        ? given[places[0] as Exclude<(typeof PLACES)[number], 'local'>]!
        : { kind: 'local', path: local, ...(disk ? { disk } : {}) }
    return {
      place,
      password,
      domain: withoutUndefined(domain),
      limits: withoutUndefined(limits),
      tls: withoutUndefined(tls),
    }
  })

/** What people say about where a repository stands, for the 3-2-1 score; the rest is derived from its address. */
export interface StatedDomain {
  /** `disk`, `object-storage`, `tape`, … */
  readonly media?: string
  /** `office`, `home`, `cloud`, … */
  readonly site?: string
  readonly provider?: string
  readonly account?: string
}

/** A repository of the stack file. */
export interface ConfiguredRepository {
  readonly place: RepositoryLocation
  readonly password: SecretReference
  readonly domain: StatedDomain
  /** Bytes per second. */
  readonly limits: { readonly upload?: number; readonly download?: number }
  /** Files. */
  readonly tls: { readonly ca?: string; readonly clientCertificate?: string; readonly insecure?: boolean }
}
