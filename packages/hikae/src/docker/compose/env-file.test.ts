import { expect, test } from 'vitest'
import { parseEnvFile } from './env-file.ts'

test('variables are read as Compose reads them', () => {
  const text = `\uFEFF# a comment
PLAIN=value
  SPACED = around   # a remark
export EXPORTED=yes
EMPTY=
HASH=a#b
SINGLE='$PLAIN # kept'
DOUBLE="\${PLAIN} \\"quoted\\" \\$5\\n"
REFERS=\${PLAIN}/x
OUTER=$HOME
LONG="first
second"
NOT A VARIABLE
`
  expect(parseEnvFile(text, { HOME: '/root' })).toEqual({
    PLAIN: 'value',
    SPACED: 'around',
    EXPORTED: 'yes',
    EMPTY: '',
    HASH: 'a#b',
    SINGLE: '$PLAIN # kept',
    DOUBLE: 'value "quoted" $5\n',
    REFERS: 'value/x',
    OUTER: '/root',
    LONG: 'first\nsecond',
  })
})

test('lines of Windows, and nothing at all', () => {
  expect(parseEnvFile('A=1\r\nB=2\r\n')).toEqual({ A: '1', B: '2' })
  expect(parseEnvFile('')).toEqual({})
})
