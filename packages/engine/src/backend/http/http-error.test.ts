import { describe, test } from 'vitest'
import { explainStatus, retryAfter } from './http-error.ts'

const CONTEXT = { doing: 'write pack 01234567', location: 'rest:http://host/', accessHint: 'check the user' }

describe('what the server answered', () => {
  test.for([408, 429, 500, 502, 503, 504])('%s may pass', (status, { expect }) => {
    expect(explainStatus({ status, headers: {} }, CONTEXT).transient).toBe(true)
  })

  test.for([301, 400, 401, 403, 404, 405, 407, 409, 413, 501, 505, 507])('%s does not', (status, { expect }) => {
    const error = explainStatus({ status, headers: {} }, CONTEXT)
    expect(error.transient).toBe(false)
    expect(error.hint).toBeTruthy()
    expect(error.message).toContain(`cannot write pack 01234567 in rest:http://host/: `)
    expect(error.message).toContain(`(HTTP ${status})`)
  })

  test('refused access comes with the hint of who asked', ({ expect }) => {
    for (const status of [401, 403]) {
      expect(explainStatus({ status, headers: {} }, CONTEXT).hint).toBe('check the user')
    }
  })

  test('words of the server are shown on one line, without markup, shortened', ({ expect }) => {
    const said = `<html><h1>Too\r\nmuch</h1>\u001b[31m${'x'.repeat(1000)}`
    const { message } = explainStatus({ status: 413, headers: {} }, { ...CONTEXT, said })
    expect(message).toContain('(HTTP 413: Too much [31mxxx')
    expect(message.length).toBeLessThan(400)
  })

  test('a redirection is named without the secrets in it', ({ expect }) => {
    const headers = { location: 'https://me:secret@other/path/?token=secret' }
    const { hint } = explainStatus({ status: 301, headers }, CONTEXT)
    expect(hint).toContain('https://other/path/')
    expect(hint).not.toContain('secret')
  })

  test('a time to come back travels with the error', ({ expect }) => {
    expect(explainStatus({ status: 429, headers: { 'retry-after': '7' } }, CONTEXT).retryAfterMs).toBe(7000)
    expect(explainStatus({ status: 429, headers: {} }, CONTEXT).retryAfterMs).toBeUndefined()
  })
})

test('the time to come back is given in seconds or as a date', ({ expect }) => {
  const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT')
  expect(retryAfter('120', now)).toBe(120_000)
  expect(retryAfter('Wed, 21 Oct 2026 07:28:05 GMT', now)).toBe(5000)
  expect(retryAfter('Wed, 21 Oct 2026 07:27:00 GMT', now)).toBe(0)
  for (const value of [undefined, '', 'soon', '-1']) expect(retryAfter(value, now)).toBeUndefined()
})
