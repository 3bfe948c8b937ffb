import { randomUUID } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { openS3Backend, type S3Options } from '@hikae/engine'
import type { ContractSubject, S3Server } from '@hikae/testkit'

export const BUCKET = 'hikae-test'

const FOLDERS = { key: 'keys', lock: 'locks', snapshot: 'snapshots', index: 'index', pack: 'data' } as const

/** Options for an empty place in the bucket, with a path of its own. */
export function placeOn(server: S3Server, more: Partial<S3Options> = {}): S3Options {
  return {
    endpoint: server.endpoint,
    bucket: BUCKET,
    prefix: `some/folder/${randomUUID()}`,
    credentials: server.credentials,
    ...more,
  }
}

/** For `describeBackend`. */
export async function s3Subject(server: S3Server, more: Partial<S3Options> = {}): Promise<ContractSubject> {
  const place = placeOn(server, more)
  const backend = await openS3Backend(place)
  return {
    backend,
    removesUnseen: ['pack'],
    addStray: async (kind, name) => {
      const folder = kind === 'pack' ? `data/${name.slice(0, 2)}` : FOLDERS[kind]
      const Key = [place.prefix, folder, name].filter((part) => part !== '').join('/')
      await server.client.send(new PutObjectCommand({ Bucket: place.bucket, Key, Body: 'stray' }))
    },
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  }
}
