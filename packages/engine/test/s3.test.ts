import { afterAll, beforeAll, describe } from 'vitest'
import {
  describeBackend,
  skipBecause,
  startRadosgw,
  startSwift,
  whyNoRadosgw,
  whyNoSwift,
  type S3Server,
} from '@hikae/testkit'
import { s3Subject } from './support/s3-place.ts'

const noRadosgw = skipBecause(await whyNoRadosgw())
const noSwift = skipBecause(await whyNoSwift())

describe.skipIf(noRadosgw)('on radosgw', () => {
  describeOn(startRadosgw)
})

describe.skipIf(noSwift)('on Swift, which knows no conditional writes', () => {
  describeOn(startSwift)
})

function describeOn(start: () => Promise<S3Server>): void {
  let server: S3Server
  beforeAll(async () => void (server = await start()), 120_000)
  afterAll(() => server[Symbol.asyncDispose]())
  describeBackend('S3', () => s3Subject(server))
}
