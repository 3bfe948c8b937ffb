import { describe, test } from 'vitest'
import { holdSchema } from './hold-schema.ts'

const messages = (given: unknown): string[] =>
  (holdSchema.safeParse(given).error?.issues ?? []).map(({ path, message }) => [...path, message].join(': '))

describe('hold: of a job', () => {
  test('names containers, or programs', ({ expect }) => {
    expect(holdSchema.parse({ stop: ['app'] })).toEqual({ stop: ['app'], pause: [] })
    expect(holdSchema.parse({ pause: ['web'], engine: { host: 'unix:///run/docker.sock' } })).toEqual({
      stop: [],
      pause: ['web'],
      engine: { host: 'unix:///run/docker.sock' },
    })
    const programs = { before: ['systemctl', 'stop', 'shop'], after: ['systemctl', 'start', 'shop'] }
    expect(holdSchema.parse(programs)).toEqual({ ...programs, timeoutMs: 600_000 })
    expect(holdSchema.parse({ ...programs, timeout: '30s' })).toMatchObject({ timeoutMs: 30_000 })
  })

  test('says what is missing or does not go together', ({ expect }) => {
    expect(messages({})).toEqual([expect.stringMatching(/^say what writes: containers/)])
    expect(messages({ engine: { host: 'unix:///run/docker.sock' } })).toEqual([
      expect.stringMatching(/^say what writes/),
    ])
    expect(messages({ before: ['sync'] })).toEqual(['after: is missing, the program that lets it go on'])
    expect(messages({ after: ['sync'] })).toEqual(['before: is missing, the program that makes all of it hold still'])
    expect(messages({ before: ['a'], after: ['b'], stop: ['app'] })).toEqual([
      expect.stringMatching(/^stop: stop: is for containers/),
    ])
    expect(messages({ stop: ['app'], pause: ['web', 'app'] })).toEqual(['pause: app is stopped already: name it once'])
    expect(messages({ stop: ['app'], timeout: '1m' })).toEqual([
      expect.stringMatching(/^timeout: timeout: is for programs/),
    ])
    expect(messages({ stop: [] })).toHaveLength(1)
  })
})
