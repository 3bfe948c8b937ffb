import { describe, test } from 'vitest'
import { targetNames } from './target-names.ts'

describe('names that volumes get', () => {
  test.for([
    ['new', ['a'], [['a', 'new']]],
    [
      'restored-*',
      ['a', 'b'],
      [
        ['a', 'restored-a'],
        ['b', 'restored-b'],
      ],
    ],
    ['*', ['a'], [['a', 'a']]],
    ['b=x', ['a', 'b'], [['b', 'x']]],
    [
      'a=x, b=y',
      ['a', 'b', 'c'],
      [
        ['a', 'x'],
        ['b', 'y'],
      ],
    ],
  ] as [string, string[], [string, string][]][])('%s of %j', ([to, saved, wanted], { expect }) => {
    expect(targetNames(to, saved).map(({ saved: old, name }) => [old, name])).toEqual(wanted)
  })

  test.for([
    ['new', ['a', 'b'], '2 volumes cannot all become new: a, b'],
    ['c=x', ['a', 'b'], 'the snapshot has no volume c'],
    ['a=x,b=x', ['a', 'b'], 'two volumes would become x'],
    ['a=', ['a'], "'a=' is not OLD=NEW"],
    ['a=b=c', ['a'], "'a=b=c' is not OLD=NEW"],
    ['../x', ['a'], "'../x' cannot be the name of a volume"],
    ['-x', ['a'], "'-x' cannot be the name of a volume"],
    ['', ['a'], "'' cannot be the name of a volume"],
  ] as [string, string[], string][])('%s of %j is refused', ([to, saved, message], { expect }) => {
    expect(() => targetNames(to, saved)).toThrow(message)
  })
})
