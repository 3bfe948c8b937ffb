import { test } from 'vitest'
import { combinedLine } from './access-log.ts'

const ENTRY = {
  address: '192.0.2.1',
  user: 'alice',
  begun: new Date('2026-11-21T01:02:03Z'),
  request: { method: 'GET', url: '/alice/config', httpVersion: '1.1', headers: { 'user-agent': 'restic' } },
  response: { statusCode: 200, getHeader: () => 155 },
}

test('a request is a line in the combined format', ({ expect }) => {
  expect(combinedLine(ENTRY)).toBe(
    '192.0.2.1 - alice [21/Nov/2026:01:02:03 +0000] "GET /alice/config HTTP/1.1" 200 155 "-" "restic"',
  )
})

test('what a client says cannot look like another line', ({ expect }) => {
  const headers = { 'user-agent': 'x"\n192.0.2.2 - bob \x1b[2J' }
  expect(combinedLine({ ...ENTRY, user: undefined, request: { ...ENTRY.request, headers } })).toBe(
    '192.0.2.1 - - [21/Nov/2026:01:02:03 +0000] "GET /alice/config HTTP/1.1" 200 155 "-" ' +
      '"x\\x22\\x0a192.0.2.2 - bob \\x1b[2J"',
  )
})
