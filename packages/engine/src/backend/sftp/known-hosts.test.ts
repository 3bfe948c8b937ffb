import { createHmac } from 'node:crypto'
import { describe, test } from 'vitest'
import { FieldWriter } from './fields.ts'
import { fingerprintOf, keyTypeOf, KnownHosts } from './known-hosts.ts'

const ed25519 = keyOf('ssh-ed25519', 1)
const other = keyOf('ssh-ed25519', 2)
const rsa = keyOf('ssh-rsa', 3)

function keyOf(type: string, filling: number): Buffer {
  return new FieldWriter().string(type).string(Buffer.alloc(32, filling)).bytes()
}

function line(names: string, key: Buffer, marker = ''): string {
  return `${marker}${names} ${keyTypeOf(key)} ${key.toString('base64')}`
}

function hashed(name: string): string {
  const salt = Buffer.alloc(20, 7)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

describe('the verdict on a key', () => {
  test.for([
    ['a plain name', line('backup.example', ed25519), 'backup.example', 'known'],
    ['one name of several', line('nas,backup.example,192.0.2.1', ed25519), '192.0.2.1', 'known'],
    ['another port', line('[backup.example]:2222', ed25519), '[backup.example]:2222', 'known'],
    ['a name without its port', line('backup.example', ed25519), '[backup.example]:2222', 'unknown'],
    ['a hashed name', line(hashed('backup.example'), ed25519), 'backup.example', 'known'],
    ['a hashed name with a port', line(hashed('[backup.example]:2222'), ed25519), '[backup.example]:2222', 'known'],
    ['a hashed name of another', line(hashed('nas'), ed25519), 'backup.example', 'unknown'],
    ['a pattern', line('*.example', ed25519), 'backup.example', 'known'],
    ['a pattern with a question mark', line('backu?.example', ed25519), 'backup.example', 'known'],
    ['a pattern with an exception', line('*.example,!backup.example', ed25519), 'backup.example', 'unknown'],
    ['a dot, which is no pattern', line('backup-example', ed25519), 'backup.example', 'unknown'],
    ['capital letters', line('Backup.Example', ed25519), 'backup.example', 'known'],
    ['a comment after the key', `${line('backup.example', ed25519)} root@nas`, 'backup.example', 'known'],
    ['tabs between the fields', line('backup.example', ed25519).replaceAll(' ', '\t'), 'backup.example', 'known'],
    ['another key of the server', line('backup.example', other), 'backup.example', 'changed'],
    ['a key of another type', line('backup.example', rsa), 'backup.example', 'changed'],
    ['both keys', `${line('backup.example', other)}\n${line('backup.example', ed25519)}`, 'backup.example', 'known'],
    ['a line that is commented out', `# ${line('backup.example', ed25519)}`, 'backup.example', 'unknown'],
    ['an empty file', '\n\n', 'backup.example', 'unknown'],
    ['lines that make no sense', 'backup.example\n|1|x\nbackup.example ssh-ed25519', 'backup.example', 'unknown'],
    ['an authority', line('*.example', other, '@cert-authority '), 'backup.example', 'authority-only'],
    [
      'an authority and the key',
      `${line('*', other, '@cert-authority ')}\n${line('backup.example', ed25519)}`,
      'backup.example',
      'known',
    ],
    [
      'a revoked key, although it is there',
      `${line('backup.example', ed25519)}\n${line('*', ed25519, '@revoked ')}`,
      'backup.example',
      'revoked',
    ],
    ['another revoked key', line('*', other, '@revoked '), 'backup.example', 'unknown'],
  ] as const)('%s', ([, text, name, verdict], { expect }) => {
    expect(KnownHosts.parse(text).judge(name, ed25519)).toBe(verdict)
  })
})

test('a server can be asked for a key of a known type', ({ expect }) => {
  const hosts = KnownHosts.parse(
    [line('nas', rsa), line('other', ed25519), line('nas', ed25519, '@revoked ')].join('\n'),
  )
  expect(hosts.keyTypes('nas')).toEqual(['ssh-rsa'])
})

test('files that are not there hold nothing', async ({ expect }) => {
  const hosts = await KnownHosts.read(['/nowhere/known_hosts'])
  expect(hosts.judge('nas', ed25519)).toBe('unknown')
})

test('a fingerprint is written as ssh-keygen writes it', ({ expect }) => {
  const key = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl', 'base64')
  expect([keyTypeOf(key), fingerprintOf(key)]).toEqual([
    'ssh-ed25519',
    'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU',
  ])
})
