import type { HttpOptions } from '../http/http-options.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Comes with keys that are valid for a while only. */
  readonly sessionToken?: string
}

/** Until then nobody can delete what is written; `governance` leaves a way out for those with a special right. */
export interface S3ObjectLock {
  readonly mode: 'governance' | 'compliance'
  /** From the writing, and again from each renewal. */
  readonly days: number
}

export interface S3Options {
  /** `https://host[:port]` or `http://…`, with a path if the server has one; AWS's own of the region when absent. */
  readonly endpoint?: string
  readonly bucket: string
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string
  /** `auto` is sent as it is to other servers (R2 wants that); AWS is asked where the bucket is when `auto` or absent. */
  readonly region?: string
  /** Bucket in the host name (`virtual`) or in the path; `auto`, the default, is what the server is known to want. */
  readonly addressing?: 'auto' | 'path' | 'virtual'
  /** Found as AWS's own programs find them when absent: environment, profiles, the role of the machine. */
  readonly credentials?: S3Credentials
  readonly storageClass?: {
    /** Of packs that hold contents of files. */
    readonly packs?: string
    /** Of all else, packs of trees among them; it must be one that can be read at any time. */
    readonly others?: string
  }
  readonly objectLock?: S3ObjectLock
  /** For servers that know only the first version of listing. */
  readonly listObjectsV1?: boolean
  /** Operations at the same time; 8 by default. */
  readonly connections?: number
  /** `connections` there is the number of sockets: as many as operations when absent. */
  readonly http?: Partial<HttpOptions>
}

/** Operations worth running at the same time, unless the options say something else. */
export const S3_CONNECTIONS = 8
