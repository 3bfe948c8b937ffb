import { test } from 'vitest'
import { Redaction } from './redaction.ts'

test('a secret is gone in each form that a server may repeat it in', ({ expect }) => {
  const redaction = new Redaction()
  redaction.hide('p@ss word')
  const base64 = Buffer.from('p@ss word').toString('base64')
  expect(redaction.redact(`p@ss word, p%40ss%20word, ${base64}, pass`)).toBe('***, ***, ***, pass')
})

test('of an address the telling parts are gone, the words are not', ({ expect }) => {
  const redaction = new Redaction()
  redaction.hide('https://discord.example/api/webhooks/123456789012/AbCdEfGhIjKl-_?token=0123456789&wait=true')
  const texts = [
    'Cannot POST /api/webhooks/123456789012/AbCdEfGhIjKl-_?token=0123456789&wait=true',
    'unknown webhook 123456789012',
    'token AbCdEfGhIjKl-_',
    'token=0123456789',
    'the api of webhooks',
  ]
  expect(texts.map((text) => redaction.redact(text))).toEqual([
    'Cannot POST ***',
    'unknown webhook ***',
    'token ***',
    'token=***',
    'the api of webhooks',
  ])
})
