import { expect, test } from 'vitest'
import { InvalidInputError } from '../errors.ts'
import { parseSize } from './size.ts'

test.for([
  ['0', 0],
  ['500', 500],
  ['500B', 500],
  ['10k', 10_240],
  ['10M', 10_485_760],
  ['1g', 1_073_741_824],
  ['2T', 2_199_023_255_552],
] as const)('%s is %i bytes', ([text, bytes]) => expect(parseSize(text)).toBe(bytes))

test.for(['', 'M', '-1', '1.5G', '10MB', '10 M', '1e3', '0x10', '9000000T', '99999999999999999999'])(
  '"%s" is no size',
  (text) => expect(() => parseSize(text)).toThrow(InvalidInputError),
)
