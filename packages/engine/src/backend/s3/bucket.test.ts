import { Buffer } from 'node:buffer'
import * as sdk from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { HttpRequest, HttpResponse, HttpSender } from '../http/http-message.ts'
import { Bucket } from './bucket.ts'
import { explainS3Error } from './explain-error.ts'
import { makeBucket } from './make-bucket.ts'
import type { S3Options } from './options.ts'
import { s3Place } from './place.ts'

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' }

/** Answers as a server would, in turn; what AWS says is in its documentation of error responses. */
class Answers implements HttpSender {
  readonly requests: HttpRequest[] = []
  readonly #answers: Partial<Answer>[]

  constructor(...answers: Partial<Answer>[]) {
    this.#answers = answers
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request)
    const { status = 200, headers = {}, body = '' } = this.#answers.shift() ?? {}
    return { status, headers, body: once(Buffer.from(body)) }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}

function bucketWith(sender: HttpSender, options: Partial<S3Options> = {}): Bucket {
  const place = s3Place({ bucket: 'backups', prefix: '', ...options })
  return new Bucket({ sdk, sender, place, credentials })
}

function refused(status: number, code: string, more = ''): Partial<Answer> {
  return { status, body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message>${more}</Error>` }
}

describe('on AWS', () => {
  const put = (bucket: Bucket) =>
    bucket.put('some/key', Buffer.from('content'), { onlyIfAbsent: true, storageClass: 'STANDARD_IA' }, undefined)

  test('the region of the bucket is asked for once, without credentials', async () => {
    const sender = new Answers({ status: 403, headers: { 'x-amz-bucket-region': 'ap-northeast-1' } })
    const bucket = bucketWith(sender)
    await put(bucket)
    await put(bucket)
    expect(sender.requests.map(({ method, url }) => `${method} ${url.host}${url.pathname}`)).toEqual([
      'HEAD s3.us-east-1.amazonaws.com/backups',
      'PUT backups.s3.ap-northeast-1.amazonaws.com/some/key',
      'PUT backups.s3.ap-northeast-1.amazonaws.com/some/key',
    ])
    expect(sender.requests[0]!.headers).toBeUndefined()
    expect(sender.requests[1]!.headers!['authorization']).toContain('/ap-northeast-1/s3/aws4_request')
  })

  test('a region that was given is not asked for', async () => {
    const sender = new Answers()
    await put(bucketWith(sender, { region: 'eu-west-1' }))
    expect(sender.requests.map(({ url }) => url.host)).toEqual(['backups.s3.eu-west-1.amazonaws.com'])
  })

  test.each([
    ['redirection', { status: 301, headers: { 'x-amz-bucket-region': 'eu-west-3' } }],
    ['refusal', refused(400, 'AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>')],
  ])('a wrong region is put right by a %s, for good', async (_, answer) => {
    const sender = new Answers(answer)
    const bucket = bucketWith(sender, { region: 'us-east-1' })
    await put(bucket)
    await put(bucket)
    expect(sender.requests.map(({ url }) => url.host.split('.')[2])).toEqual(['us-east-1', 'eu-west-3', 'eu-west-3'])
  })

  test('a server that sends us in circles is not followed', async () => {
    const sender = new Answers(
      { status: 301, headers: { 'x-amz-bucket-region': 'eu-west-3' } },
      { status: 301, headers: { 'x-amz-bucket-region': 'us-east-1' } },
    )
    await expect(put(bucketWith(sender, { region: 'us-east-1' }))).rejects.toMatchObject({ status: 301 })
    expect(sender.requests).toHaveLength(2)
  })

  test('what is sent over TLS is named by its MD5 and carries no checksums that others do not know', async () => {
    const sender = new Answers()
    await put(bucketWith(sender, { region: 'us-east-1' }))
    const { headers } = sender.requests[0]!
    expect(headers).toMatchObject({
      'content-md5': 'mgNkuembtIDdJeHwKEyFVQ==',
      'if-none-match': '*',
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      'x-amz-storage-class': 'STANDARD_IA',
    })
    expect(Object.keys(headers!).filter((name) => name.includes('checksum'))).toEqual([])
    expect(headers!['expect']).toBeUndefined()
  })

  test('a bucket is made where the region says, with object lock when it is wanted', async () => {
    const sender = new Answers(refused(404, 'NoSuchBucket'))
    const options = { objectLock: true, location: 'here', prefix: '' }
    await makeBucket(bucketWith(sender, { region: 'eu-west-1' }), options, undefined)
    const { url, headers, body } = sender.requests[1]!
    expect(url.host).toBe('backups.s3.eu-west-1.amazonaws.com')
    expect(headers!['x-amz-bucket-object-lock-enabled']).toBe('true')
    expect(Buffer.from(body!).toString()).toContain('<LocationConstraint>eu-west-1</LocationConstraint>')
  })

  test('no bucket is made where nobody said where', async () => {
    const sender = new Answers({ status: 404 }, refused(404, 'NoSuchBucket'))
    const options = { objectLock: false, location: 'here', prefix: '' }
    await expect(makeBucket(bucketWith(sender), options, undefined)).rejects.toMatchObject({
      hint: expect.stringContaining('in which region') as string,
    })
    expect(sender.requests.map(({ method }) => method)).not.toContain('PUT')
  })
})

describe('what a server refuses is said in words', () => {
  const explained = async (answer: Partial<Answer>): Promise<unknown> => {
    const bucket = bucketWith(new Answers(answer), { endpoint: 'https://s3.example.com' })
    const error = await bucket.get('key', [0, 9], undefined).catch((error: unknown) => error)
    return explainS3Error(error, { doing: 'read pack 01234567', location: 's3:there', bucket: 'backups' })
  }

  test.each([
    [403, 'AccessDenied', /s3:GetObject is needed/, false],
    [401, 'Unauthorized', /does not know the access key/, false],
    [400, 'ExpiredToken', /credentials have expired/, false],
    [403, 'InvalidObjectState', /archive class/, false],
    [403, 'RequestTimeTooSkewed', /clock here differs/, false],
    [503, 'SlowDown', /fewer requests/, true],
    [500, 'InternalError', /just now/, true],
    [400, 'RequestTimeout', /just now/, true],
    [409, 'ConditionalRequestConflict', /just now/, true],
    [400, 'BadDigest', /damaged on its way/, true],
    [507, 'XMinioStorageFull', /quota is used up/, false],
    [418, 'SomethingNew', /refuses it \(HTTP 418: SomethingNew: No\.\)/, false],
    [503, 'SomethingNew', /HTTP 503/, true],
  ])('%i %s', async (status, code, words, transient) => {
    expect(await explained(refused(status, code))).toMatchObject({
      message: expect.stringMatching(words) as string,
      hint: expect.any(String) as string,
      transient,
    })
  })

  test('an archived file names the way out', async () => {
    expect(await explained(refused(403, 'InvalidObjectState'))).toMatchObject({
      hint: expect.stringContaining('restore-object') as string,
    })
  })

  test('when there are no credentials at all', () => {
    const error = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    })
    expect(explainS3Error(error, { doing: 'read', location: 's3:there', bucket: 'b' })).toMatchObject({
      hint: expect.stringContaining('AWS_ACCESS_KEY_ID') as string,
    })
  })
})
