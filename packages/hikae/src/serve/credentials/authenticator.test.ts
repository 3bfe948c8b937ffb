import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { test as base } from 'vitest'
import { Authenticator } from './authenticator.ts'
import { HtpasswdFile } from './htpasswd-file.ts'

/** `htpasswd -nbs bob secret` */
const SHA = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='

const test = base.extend('path', async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'hikae-htpasswd-'))
  onCleanup(() => rm(folder, { recursive: true }))
  return join(folder, '.htpasswd')
})

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

async function open(path: string, text: string, problems: string[] = []): Promise<Authenticator> {
  await writeFile(path, text, { mode: 0o600 })
  return new Authenticator(await HtpasswdFile.open(path, (problem) => problems.push(problem)))
}

test('the right password is a user, and everything else is nobody', async ({ path, expect }) => {
  await using users = await open(path, `alice:${hashSync('secret', 4)}\nbob:${SHA}\n`)
  for (const user of ['alice', 'bob']) {
    expect(await users.authenticate(basic(user, 'secret'))).toBe(user)
    expect(await users.authenticate(basic(user, 'Secret'))).toBeUndefined()
    expect(await users.authenticate(basic(user, ''))).toBeUndefined()
    // Once proven, still only the right one.
    expect(await users.authenticate(basic(user, 'secret'))).toBe(user)
    expect(await users.authenticate(basic(user, 'wrong'))).toBeUndefined()
  }
  expect(await users.authenticate(undefined)).toBeUndefined()
  expect(await users.authenticate(basic('alice', 'x'.repeat(5000)))).toBeUndefined()
})

test('an unknown user is nobody, also with the password of a known one', async ({ path, expect }) => {
  await using users = await open(path, `alice:${hashSync('secret', 4)}\n`)
  for (const user of ['carol', '', 'Alice', '__proto__', 'constructor']) {
    expect(await users.authenticate(basic(user, 'secret'))).toBeUndefined()
    expect(await users.authenticate(basic(user, 'secret'))).toBeUndefined()
  }
})

test('guessing is slowed down: most of many logins at once are turned away', async ({ path, expect }) => {
  await using users = await open(path, `alice:${hashSync('secret', 4)}\n`)
  const guesses = Array.from({ length: 200 }, (_, n) => users.authenticate(basic('alice', `guess ${n}`)))
  const outcomes = await Promise.allSettled(guesses)
  const refused = outcomes.filter(({ status }) => status === 'rejected')
  expect(refused.length).toBeGreaterThan(100)
  expect(refused[0]).toMatchObject({ reason: { status: 429 } })
  expect(await users.authenticate(basic('alice', 'secret'))).toBe('alice')
})

test('the same login on many connections is compared once', async ({ path, expect }) => {
  await using users = await open(path, `alice:${hashSync('secret', 4)}\n`)
  const logins = Array.from({ length: 200 }, () => users.authenticate(basic('alice', 'secret')))
  expect(new Set(await Promise.all(logins))).toEqual(new Set(['alice']))
})

test('a changed file counts soon, also for a password that was just proven', async ({ path, expect }) => {
  await using users = await open(path, `alice:${hashSync('old', 4)}\n`)
  expect(await users.authenticate(basic('alice', 'old'))).toBe('alice')
  await writeFile(path, `alice:${hashSync('new', 4)}\n`)
  await utimes(path, 1, 1)
  await expect.poll(() => users.authenticate(basic('alice', 'new')), { timeout: 10_000 }).toBe('alice')
  expect(await users.authenticate(basic('alice', 'old'))).toBeUndefined()
})

test('a file that is gone leaves the users as they were, and that is told once', async ({ path, expect }) => {
  const problems: string[] = []
  await using users = await open(path, `alice:${hashSync('secret', 4)}\n`, problems)
  await rm(path)
  await expect
    .poll(
      async () => {
        await users.authenticate(basic('alice', 'secret'))
        return problems.length
      },
      { timeout: 10_000 },
    )
    .toBe(1)
  expect(problems[0]).toContain('no such file')
  expect(await users.authenticate(basic('alice', 'secret'))).toBe('alice')
})
