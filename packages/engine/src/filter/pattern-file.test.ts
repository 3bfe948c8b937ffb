import { expect, test } from 'vitest'
import { expandVariables, readPatternFile } from './pattern-file.ts'

test.for([
  ['$HOME/x', '/home/me/x'],
  ['${HOME}x', '/home/mex'],
  ['a$UNSET-b', 'a-b'],
  ['$$HOME', '$HOME'],
  ['a$$', 'a$'],
  ['${$}', '$'],
  ['a$', 'a$'],
  ['a$/b', 'a$/b'],
  ['a$.b', 'a$.b'],
  ['a${}b', 'ab'],
  ['a${HOME', 'aHOME'],
  ['$1x', 'x'],
  ['$10', '0'],
  ['a$*', 'a'],
  ['$A_1/$HOME', '//home/me'],
  ['$U', 'Ã¼'],
] as const)('%s becomes %s', ([text, expected]) => {
  expect(expandVariables(text, { HOME: '/home/me', U: 'ü' })).toBe(expected)
})

test('lines are trimmed, comments and empty lines skipped, and lines counted all the same', () => {
  expect(
    readPatternFile({ name: 'list', content: Buffer.from('\n # c\r\n\t*.log \u00a0\r\n\n#x\n$X\nlast') }, { X: 'y' }),
  ).toEqual([
    { text: '*.log', origin: 'list:3' },
    { text: 'y', origin: 'list:6' },
    { text: 'last', origin: 'list:7' },
  ])
})
