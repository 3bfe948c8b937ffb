import { test } from 'vitest'
import { z } from 'zod'
import { secretSchema } from '../secrets/secret-schema.ts'
import { secretsInLabels } from './secrets-in-labels.ts'

const schema = z.strictObject({ user: z.string(), login: z.strictObject({ password: secretSchema }).optional() })

function refused(password: unknown): string[] {
  const found = secretsInLabels(schema, { user: 'app', login: { password } })
  return found.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('a label says where a secret is, and is none', ({ expect }) => {
  expect(secretsInLabels(schema, { user: 'app' })).toEqual([])
  expect(refused({ env: 'DB_PASSWORD' })).toEqual([])
  expect(refused({ file: '/etc/hikae/db' })).toEqual([])
  expect(refused('hunter2')).toEqual([
    'login.password: a label is no place for a secret: write where it is, with .env or .file',
  ])
  expect(refused({ command: ['id'] })).toEqual([expect.stringContaining('cannot have a program run here')])
})
