import { afterAll, beforeAll, describe } from 'vitest'
import type { S3Options } from '@hikae/engine'
import {
  describeBackend,
  skipBecause,
  startMiniflareR2,
  startRadosgw,
  startSwift,
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
  describeOn(() => startMiniflareR2(BUCKET), { region: 'auto' })
})

function describeOn(start: () => Promise<S3Server>, options: Partial<S3Options> = {}): void {
  let server: S3Server
  beforeAll(async () => void (server = await start()), 120_000)
  afterAll(() => server[Symbol.asyncDispose]())
  describeBackend('S3', () => s3Subject(server, options))
}
