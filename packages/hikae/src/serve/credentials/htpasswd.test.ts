import { hashSync } from 'bcryptjs'
import { test } from 'vitest'
import { parseBasicCredentials } from './basic-credentials.ts'
import { matchesSha1, parseHtpasswd } from './htpasswd.ts'

const bcrypt = hashSync('secret', 4)
/** `htpasswd -nbs bob secret` */
const SHA = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='

test('bcrypt of all names and {SHA} are understood, comments and empty lines passed over', ({ expect }) => {
  const others = ['2a', '2b', '2y'].map((version) => `${version}:$${version}${bcrypt.slice(3)}`)
  const { users, problems } = parseHtpasswd(`# users\n\n${others.join('\n')}\r\nbob:${SHA}\n`)
  expect([...users.keys()]).toEqual(['2a', '2b', '2y', 'bob'])
  expect(users.get('bob')).toEqual({ kind: 'sha1', hash: SHA.slice(5) })
  expect(problems).toEqual([])
})

test('the last line of a user counts', ({ expect }) => {
  const { users } = parseHtpasswd(`bob:${SHA}\nbob:${bcrypt}\n`)
  expect(users.get('bob')).toEqual({ kind: 'bcrypt', hash: bcrypt })
})

test('hashes that cannot be compared are named by their line, without the hash', ({ expect }) => {
  const text = ['bob:$apr1$x$y', 'carol:plain', 'nobody', `dave:${bcrypt.replace('$04$', '$31$')}`, `:${bcrypt}`].join(
    '\n',
  )
  const { users, problems } = parseHtpasswd(text)
  expect(users.size).toBe(0)
  expect(problems.map((problem) => problem.slice(0, 6))).toEqual(['line 1', 'line 2', 'line 3', 'line 4', 'line 5'])
  expect(problems.join()).not.toMatch(/apr1|plain|\$2/)
})

test('a SHA-1 is compared with the password', ({ expect }) => {
  expect(matchesSha1('secret', SHA.slice(5))).toBe(true)
  expect(matchesSha1('Secret', SHA.slice(5))).toBe(false)
})

test.for([
  ['alice:pass:word', { user: 'alice', password: 'pass:word' }],
  ['控え:パスワード', { user: '控え', password: 'パスワード' }],
  [':', { user: '', password: '' }],
  ['no colon', undefined],
] as const)('credentials of %s', ([text, expected], { expect }) => {
  expect(parseBasicCredentials(`Basic ${Buffer.from(text).toString('base64')}`)).toEqual(expected)
})

test.for([undefined, '', 'Basic', 'Basic !!!', 'Bearer abc', 'Digest username="x"'])(
  '%s are no credentials',
  (header, { expect }) => {
    expect(parseBasicCredentials(header)).toBeUndefined()
  },
)
