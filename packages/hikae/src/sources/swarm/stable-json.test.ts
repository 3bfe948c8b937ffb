import { describe, expect, test } from 'vitest'
import { fileName } from './layout.ts'
import { differences, isSame, stableJson } from './stable-json.ts'

describe('documents of a swarm', () => {
  test('are the same text whatever the order of their keys', () => {
    expect(stableJson({ b: [{ d: 1, c: 2 }], a: null })).toBe(stableJson({ a: null, b: [{ c: 2, d: 1 }] }))
    expect(isSame({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true)
    expect(isSame({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
  })

  test('differ in fields, whose content is not told', () => {
    const one = { Task: { Env: ['PASSWORD=1'], Image: 'a' }, Labels: {} }
    const other = { Task: { Env: ['PASSWORD=2'], Image: 'a' }, Labels: { a: 'b' } }
    expect(differences(one, other)).toEqual(['Labels.a', 'Task.Env'])
    expect(differences(one, null)).toEqual([''])
  })

  test('have names of files that lead nowhere else', () => {
    expect(fileName('shop_app.conf', '.json')).toBe('shop_app.conf.json')
    expect(fileName('../../etc/passwd', '.json')).toBe('%2E.%2F..%2Fetc%2Fpasswd.json')
    expect(fileName('店\ud800', '.json')).toBe('%E5%BA%97%EF%BF%BD.json')
  })
})
