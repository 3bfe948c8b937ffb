import { test } from 'vitest'
import { RedactedLines } from './redacted-lines.ts'
import { Redactor } from './redactor.ts'

function collectLines(secret: string): { lines: string[]; output: RedactedLines } {
  const redactor = new Redactor()
  redactor.add(secret)
  const lines: string[] = []
  return { lines, output: new RedactedLines(redactor, (line) => lines.push(line)) }
}

test('a secret that comes in pieces is taken out, whatever the pieces are', ({ expect }) => {
  const text = Buffer.from('first pässwörd line\r\nsecond\n\npässwörd')
  for (let size = 1; size <= text.length; size++) {
    const { lines, output } = collectLines('pässwörd')
    for (let at = 0; at < text.length; at += size) output.push(text.subarray(at, at + size))
    output.end()
    expect(lines).toEqual(['first ••• line', 'second', '', '•••'])
  }
})

test('nothing is given on before its line is whole', ({ expect }) => {
  const { lines, output } = collectLines('s3cret')
  output.push(Buffer.from('a s3c'))
  expect(lines).toEqual([])
  output.push(Buffer.from('ret\nb'))
  expect(lines).toEqual(['a •••'])
  output.end()
  output.end()
  expect(lines).toEqual(['a •••', 'b'])
})

test('an overlong line is cut, and says so, without half of a secret at its end', ({ expect }) => {
  const { lines, output } = collectLines('s3cret')
  const long = `${'x'.repeat(16 * 1024 - 3)}s3cret${'y'.repeat(100_000)}`
  for (let at = 0; at < long.length; at += 1000) output.push(Buffer.from(long.slice(at, at + 1000)))
  output.push(Buffer.from('\nnext\n'))
  expect(lines).toEqual([`${'x'.repeat(16 * 1024 - 3)} … (100003 more characters were left out)`, 'next'])
})
