import type { SecretReference } from '../secrets/secret.ts'

/** A folder on this machine, perhaps on a disk that comes and goes. */
export interface LocalLocation {
  readonly kind: 'local'
  readonly path: string
  /** Nothing is written when this disk is not the one mounted there. */
  readonly disk?: DiskChoice
}

export interface DiskChoice {
  /** Of its file system. */
  readonly uuid: string
  /** Where it is mounted. */
  readonly mount: string
}

export interface S3Location {
  readonly kind: 's3'
  /** `https://host[:port]`, without a path; AWS's own when absent. */
  readonly endpoint?: string
  readonly bucket: string
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string
  readonly region?: string
  readonly addressing?: 'auto' | 'path' | 'virtual'
  /** Of packs; everything else is small and read often, and stays in the standard class. */
  readonly storageClass?: string
  readonly objectLock?: { readonly mode: 'governance' | 'compliance'; readonly days: number }
  /** For servers that do not know the second version of listing. */
  readonly listObjectsV1?: boolean
  readonly connections?: number
  /** The environment's and the profile's when absent. */
  readonly accessKeyId?: SecretReference
  readonly secretAccessKey?: SecretReference
  readonly sessionToken?: SecretReference
}

export interface SftpLocation {
  readonly kind: 'sftp'
  readonly user?: string
  readonly host: string
  readonly port?: number
  /** A relative one begins in the user's home. */
  readonly path: string
  readonly client?: 'system' | 'builtin'
  /** The program and arguments that speak SFTP on their standard streams, instead of `ssh`. */
  readonly command?: readonly string[]
  /** More arguments for `ssh`. */
  readonly sshArguments?: readonly string[]
  readonly identityFiles?: readonly string[]
  readonly knownHostsFiles?: readonly string[]
  readonly password?: SecretReference
  readonly connections?: number
}

export interface RestLocation {
  readonly kind: 'rest'
  /** Ends with a slash and holds no credentials. */
  readonly url: string
  readonly user?: SecretReference
  readonly password?: SecretReference
  readonly connections?: number
}

export interface RcloneLocation {
  readonly kind: 'rclone'
  /** `remote:path`, as rclone writes it. */
  readonly remote: string
  /** `rclone` by default; with its own arguments. */
  readonly program?: readonly string[]
  /** Instead of `serve restic --stdio --b2-hard-delete`. */
  readonly arguments?: readonly string[]
  readonly connections?: number
}

/** Where a repository lies. */
export type RepositoryLocation = LocalLocation | S3Location | SftpLocation | RestLocation | RcloneLocation

/** The address as restic writes it, without secrets: for messages, and to tell whether two are one place. */
export function addressOf(location: RepositoryLocation): string {
  switch (location.kind) {
    case 'local':
      return location.path
    case 's3': {
      const { endpoint = 'https://s3.amazonaws.com', bucket, prefix } = location
      return `s3:${endpoint}/${bucket}${prefix === '' ? '' : `/${prefix}`}`
    }
    case 'sftp': {
      const { user, host, port, path } = location
      const who = user === undefined ? host : `${user}@${host}`
      return port === undefined ? `sftp:${who}:${path}` : `sftp://${who}:${port}/${path}`
    }
    case 'rest':
      return `rest:${location.url}`
    case 'rclone':
      return `rclone:${location.remote}`
  }
}
