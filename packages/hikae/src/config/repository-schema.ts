import { z } from 'zod'
import { parseSize } from '../size.ts'
import { parseAddress } from '../repositories/address/address.ts'
import type { RepositoryLocation } from '../repositories/location.ts'
import type { SecretReference } from '../secrets/secret.ts'
import { errorMessage } from '../errors.ts'
import { withoutUndefined } from '../without-undefined.ts'
import { secretSchema } from '../secrets/secret-schema.ts'

const text = z.string().min(1)
const connections = z
  .int()
  .min(1)
  .max(1000)
  .optional()
  .describe('how many requests may be under way at once')
  .meta({ examples: [8] })

const s3 = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('the server, without a path; that of AWS when absent')
      .meta({ examples: ['https://s3.example.com'] }),
    bucket: text.describe('the bucket').meta({ examples: ['backups'] }),
    prefix: z
      .string()
      .default('')
      .transform((prefix) => prefix.replace(/^\/+|\/+$/g, ''))
      .describe('what the names of all objects begin with; empty for the whole bucket')
      .meta({ examples: ['hikae'] }),
    region: text
      .optional()
      .describe('the region of the bucket; found out when absent')
      .meta({ examples: ['eu-central-1'] }),
    addressing: z
      .enum(['auto', 'path', 'virtual'])
      .optional()
      .describe('whether the bucket stands in the path or in the name of the host; found out by default'),
    storageClass: text
      .optional()
      .describe('the storage class of pack files; all else is small and read often, and stays in the standard class')
      .meta({ examples: ['STANDARD_IA'] }),
    objectLock: z
      .strictObject({
        mode: z
          .enum(['governance', 'compliance'])
          .describe('whether those with a special right may lift the lock, or nobody'),
        days: z
          .int()
          .min(1)
          .describe('how long what is written can be neither changed nor removed')
          .meta({ examples: [30] }),
      })
      .optional()
      .describe('locks what is written, in a bucket that has object lock'),
    listObjectsV1: z.boolean().optional().describe('for servers that do not know the second version of listing'),
    connections,
    accessKeyId: secretSchema.optional().describe("who we are; the environment's and the profile's when absent"),
    secretAccessKey: secretSchema.optional().describe('the key that belongs to it'),
    sessionToken: secretSchema.optional().describe('for keys that are valid for a while only'),
  })
  .describe('a bucket: AWS, Cloudflare R2, MinIO, Ceph, …')
  .meta({
    examples: [
      {
        endpoint: 'https://s3.example.com',
        bucket: 'backups',
        prefix: 'hikae',
        accessKeyId: { env: 'S3_KEY_ID' },
        secretAccessKey: { env: 'S3_KEY' },
      },
    ],
  })

const sftp = z
  .strictObject({
    host: text.describe('the machine, as SSH knows it').meta({ examples: ['nas.local'] }),
    user: text
      .optional()
      .describe('who to be there')
      .meta({ examples: ['backup'] }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .describe('where its SSH server listens')
      .meta({ examples: [2222] }),
    path: text.describe("a folder there; a relative one begins in the user's home").meta({ examples: ['/srv/hikae'] }),
    client: z
      .enum(['system', 'builtin'])
      .optional()
      .describe('the `ssh` of the machine, or the one built in; `ssh` by default where it is installed'),
    identityFiles: z
      .array(text)
      .optional()
      .describe('private keys to try')
      .meta({ examples: [['/etc/hikae/id_ed25519']] }),
    knownHostsFiles: z
      .array(text)
      .optional()
      .describe('where the keys of servers are that may be trusted')
      .meta({ examples: [['/etc/hikae/known_hosts']] }),
    password: secretSchema.optional().describe('of the user there; keys are better'),
    connections,
  })
  .describe('a folder on any machine with an SSH server')
  .meta({ examples: [{ host: 'nas.local', user: 'backup', path: '/srv/hikae' }] })

const rest = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .transform((url) => (url.endsWith('/') ? url : `${url}/`))
      .describe('its address, without user and password')
      .meta({ examples: ['https://office.example.com:8000/shop/'] }),
    user: secretSchema.optional().describe('who to be there'),
    password: secretSchema.optional().describe('the password of that user'),
    connections,
  })
  .describe("a server that speaks restic's REST protocol: `hikae serve`, rest-server")
  .meta({ examples: [{ url: 'https://office.example.com:8000/shop/', password: { env: 'REST_PASSWORD' } }] })

const rclone = z
  .strictObject({
    remote: text.describe('remote and path, as rclone writes them').meta({ examples: ['drive:hikae'] }),
    program: z
      .array(text)
      .min(1)
      .optional()
      .describe('how to start rclone, with arguments; `rclone` by default')
      .meta({ examples: [['/opt/rclone/rclone', '--config', '/etc/rclone.conf']] }),
    connections,
  })
  .describe('everything that rclone speaks to')
  .meta({ examples: [{ remote: 'drive:hikae' }] })

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
  return z
    .union([address, parts.transform((fields) => ({ kind: scheme, ...(fields as object) }) as RepositoryLocation)])
    .describe(parts.description ?? '')
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
    local: text
      .optional()
      .describe('a folder on this machine')
      .meta({ examples: ['/mnt/backup/hikae'] }),
    s3: s3.transform((fields): RepositoryLocation => ({ kind: 's3', ...withoutUndefined(fields) })).optional(),
    sftp: addressOr('sftp', sftp)
      .optional()
      .meta({ examples: ['backup@nas.local:/srv/hikae'] }),
    rest: addressOr('rest', rest)
      .optional()
      .meta({ examples: ['https://office.example.com:8000/shop/'] }),
    rclone: addressOr('rclone', rclone)
      .optional()
      .meta({ examples: ['drive:hikae'] }),
    disk: z
      .strictObject({
        uuid: text
          .describe('of its file system; `hikae disk list` shows it')
          .meta({ examples: ['0a3c3c3e-5f3c-4c5e-9a59-3f7a1b2c4d5e'] }),
        mount: text
          .startsWith('/')
          .describe('where it is mounted')
          .meta({ examples: ['/mnt/backup'] }),
      })
      .optional()
      .describe('nothing is written unless this disk is mounted there; for `local`'),
    password: secretSchema.describe('opens the repository; without it nobody can read the backups'),
    location: z
      .strictObject({
        media: text
          .optional()
          .describe('what it lies on')
          .meta({ examples: ['object-storage'] }),
        site: text
          .optional()
          .describe('where that stands')
          .meta({ examples: ['cloud'] }),
        provider: text
          .optional()
          .describe('who runs it')
          .meta({ examples: ['Example Cloud'] }),
        account: text
          .optional()
          .describe('under which account')
          .meta({ examples: ['backups@example.com'] }),
      })
      .optional()
      .describe('what cannot be derived, for the 3-2-1 score'),
    limits: z
      .strictObject({
        upload: size
          .optional()
          .describe('bytes to send per second')
          .meta({ examples: ['5M'] }),
        download: size
          .optional()
          .describe('bytes to receive per second')
          .meta({ examples: ['20M'] }),
      })
      .optional()
      .describe('how much of the network it may use'),
    tls: z
      .strictObject({
        ca: text
          .optional()
          .describe('a file with certificate authorities to trust besides the usual ones')
          .meta({ examples: ['/etc/hikae/ca.pem'] }),
        clientCertificate: text
          .optional()
          .describe('a file with the certificate and key that the server asks for')
          .meta({ examples: ['/etc/hikae/client.pem'] }),
        insecure: z.boolean().optional().describe('accept any certificate: for trying out only'),
      })
      .optional()
      .describe('how servers prove who they are'),
  })
  .meta({ oneOf: PLACES.map((place) => ({ required: [place] })) })
  .transform((given, context): ConfiguredRepository => {
    const places = PLACES.filter((place) => given[place] !== undefined)
    if (places.length !== 1) {
      const absent = places.length === 0
      const found = absent ? 'none is there' : `there are ${places.join(' and ')}`
      const message = `a repository lies in one of ${PLACES.join(', ')}: ${found}`
      context.addIssue({ code: 'custom', params: { absent }, message })
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
