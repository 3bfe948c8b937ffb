import { z } from 'zod'
import { sizeSchema } from '../size-schema.ts'
import type { RepositoryLocation } from '../repositories/location.ts'
import type { SecretReference } from '../secrets/secret.ts'
import { withoutUndefined } from '../without-undefined.ts'
import { secretSchema } from '../secrets/secret-schema.ts'
import { remotePlaces } from './remote-places.ts'

const text = z.string().min(1)

const PLACES = ['local', 's3', 'sftp', 'rest', 'rclone'] as const

/** One of `repositories:`. */
export const repositorySchema = z
  .strictObject({
    local: text
      .optional()
      .describe('a folder on this machine')
      .meta({ examples: ['/mnt/backup/hikae'] }),
    ...remotePlaces,
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
        upload: sizeSchema
          .optional()
          .describe('bytes to send per second')
          .meta({ examples: ['5M'] }),
        download: sizeSchema
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
