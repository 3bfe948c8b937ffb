import { test } from 'vitest'
import { canBeKept, keptNameOf, parseKeptName } from './kept-name.ts'

test('what an image is called that lost its name tells the name, the time and the restore', ({ expect }) => {
  const kept = keptNameOf('registry:5000/me/app:1.0', '20261121T201714Z-2')
  expect(parseKeptName(kept)).toEqual({
    name: 'registry:5000/me/app:1.0',
    moment: '20261121T201714Z-2',
    time: new Date('2026-11-21T20:17:14Z'),
  })
})

test.for(['app:1', 'app:1.before-20261121', 'app:1.before-20261321T201714Z', 'app.before-20261121T201714Z'])(
  '%s is a name like any other',
  (name, { expect }) => {
    expect(parseKeptName(name)).toBeUndefined()
  },
)

test('a tag that is nearly as long as Docker allows has no room for a time', ({ expect }) => {
  expect(canBeKept(`registry.example.com/${'long/'.repeat(40)}app:${'x'.repeat(100)}`)).toBe(true)
  expect(canBeKept(`app:${'x'.repeat(105)}`)).toBe(false)
})
