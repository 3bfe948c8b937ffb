import { expect, test } from 'vitest'
import { interpolate } from './interpolate.ts'

const variables = { DATA: '/srv/data', EMPTY: '', TAG: '15' }

test.for([
  ['plain', 'plain'],
  ['$DATA/db', '/srv/data/db'],
  ['${DATA}/db', '/srv/data/db'],
  ['postgres:${TAG:-16}', 'postgres:15'],
  ['${ABSENT:-./local}', './local'],
  ['${EMPTY:-x}', 'x'],
  ['${EMPTY-x}', ''],
  ['${ABSENT-x}', 'x'],
  ['${TAG:+set}', 'set'],
  ['${EMPTY:+set}', ''],
  ['${EMPTY+set}', 'set'],
  ['${ABSENT:-${DATA}/x}', '/srv/data/x'],
  ['${ABSENT:-${ABSENT:-deep}}!', 'deep!'],
  ['${ABSENT:?must be set}', ''],
  ['$ABSENT', ''],
  ['$$HOME', '$HOME'],
  ['cost: 5$', 'cost: 5$'],
  ['${unclosed', '${unclosed'],
] as const)('%s is %s', ([text, expected]) => {
  expect(interpolate(text, variables)).toBe(expected)
})
