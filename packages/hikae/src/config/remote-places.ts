import { z } from 'zod'
import { errorMessage } from '../errors.ts'
import { parseAddress } from '../repositories/address/address.ts'
import type { RepositoryLocation } from '../repositories/location.ts'
import { secretSchema } from '../secrets/secret-schema.ts'
import { withoutUndefined } from '../without-undefined.ts'

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

/** Where a repository lies, by the key that says it, but for `local`. */
export const remotePlaces = {
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
}

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
