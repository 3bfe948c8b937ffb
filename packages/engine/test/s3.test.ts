import { afterAll, beforeAll, describe } from 'vitest'
import { withRetry } from '@hikae/engine'
import {
  describeBackend,
  skipBecause,
  startMiniflareR2,
  startRadosgw,
  startSwift,
  type ContractSubject,
  whyNoMiniflareR2,
  whyNoRadosgw,
  whyNoSwift,
  type S3Server,
} from '@hikae/testkit'
import { BUCKET, s3Subject } from './support/s3-place.ts'

const noRadosgw = skipBecause(await whyNoRadosgw())
const noSwift = skipBecause(await whyNoSwift())
const noMiniflare = skipBecause(await whyNoMiniflareR2())

describe.skipIf(noRadosgw)('on radosgw', () => {
  describeOn(startRadosgw)
})

describe.skipIf(noSwift)('on Swift, which knows no conditional writes', () => {
  describeOn(startSwift)
})

describe.skipIf(noMiniflare)("on Cloudflare's simulator of R2", () => {
  describeOn(
    () => startMiniflareR2(BUCKET),
    async (server) => {
      const subject = await s3Subject(server, { region: 'auto' })
      // It ends the connection, without a word, after an answer that took it 15 s, as a large file does on a busy machine.
      return { ...subject, backend: withRetry(subject.backend) }
    },
  )
})

function describeOn(
  start: () => Promise<S3Server>,
  subjectOn: (server: S3Server) => Promise<ContractSubject> = s3Subject,
): void {
  let server: S3Server
  beforeAll(async () => void (server = await start()))
  afterAll(() => server[Symbol.asyncDispose]())
  describeBackend('S3', () => subjectOn(server))
}
