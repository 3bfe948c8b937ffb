import { describe, expect, test } from 'vitest'
import { parseExtendedOption, withExtendedOptions } from './extended-options.ts'
import type { S3Location, SftpLocation } from './location.ts'

const s3: S3Location = { kind: 's3', bucket: 'bucket', prefix: '' }
const sftp: SftpLocation = { kind: 'sftp', host: 'host', path: '/x' }
const parse = (...texts: string[]) => texts.map(parseExtendedOption)

describe('options of a backend', () => {
  test('change the locations of their kind, the last one winning', () => {
    const options = parse(
      's3.region=a',
      's3.region=b',
      's3.bucket-lookup=dns',
      's3.list-objects-v1=true',
      'sftp.connections=2',
    )
    const expected = { ...s3, region: 'b', addressing: 'virtual', listObjectsV1: true }
    expect(withExtendedOptions(s3, options)).toEqual(expected)
    expect(withExtendedOptions(sftp, options)).toEqual({ ...sftp, connections: 2 })
  })

  test('a command is split into words as a shell does, with nothing expanded', () => {
    const options = parse(`sftp.command=ssh -i "my key" 'it''s' a\\ b $HOME "say \\"hi\\""`)
    expect(withExtendedOptions(sftp, options).command).toEqual([
      'ssh',
      '-i',
      'my key',
      'its',
      'a b',
      '$HOME',
      'say "hi"',
    ])
  })

  test('one that is not known is refused with the nearest that is', () => {
    expect(() => parse('s3.regoin=x')).toThrow(
      expect.objectContaining({ message: 'there is no backend option s3.regoin', hint: 'did you mean s3.region?' }),
    )
    expect(() => parse('nonsense')).toThrow('is not an option of a backend')
  })

  test.each(['s3.connections=0', 's3.connections=many', 's3.bucket-lookup=sideways', 'sftp.client=other'])(
    '%s is refused',
    (text) => {
      const location = text.startsWith('s3') ? s3 : sftp
      expect(() => withExtendedOptions(location, parse(text))).toThrow(/^(s3|sftp)\.[\w-]+ is/)
    },
  )
})
