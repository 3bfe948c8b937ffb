import fc from 'fast-check'
import { test } from 'vitest'
import { escapeFor, fillTemplate, PLACEHOLDERS, type PlaceholderValues } from './template.ts'

function valuesWith(text: string): PlaceholderValues {
  return Object.fromEntries(PLACEHOLDERS.map((name) => [name, text])) as PlaceholderValues
}

test('whatever a value holds, JSON stays JSON and brings it back', ({ expect }) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
      const filled = fillTemplate('{"a": "<{{text}}>"}', valuesWith(text), escapeFor('application/json'))
      expect(JSON.parse(filled)).toEqual({ a: `<${text}>` })
    }),
  )
})

test('a form, markup and plain text each have their own escapes', ({ expect }) => {
  const values = valuesWith('a&b="c" <d>')
  const fill = (type: string) => fillTemplate('x={{ subject }}', values, escapeFor(type))
  expect(fill('application/x-www-form-urlencoded')).toBe('x=a%26b%3D%22c%22%20%3Cd%3E')
  expect(fill('text/html; charset=utf-8')).toBe('x=a&amp;b=&quot;c&quot; &lt;d&gt;')
  expect(fill('text/plain')).toBe('x=a&b="c" <d>')
})

test('a value that looks like a placeholder is not filled again', ({ expect }) => {
  expect(fillTemplate('{{text}}', valuesWith('{{run}} $& $1'), (text) => text)).toBe('{{run}} $& $1')
})
