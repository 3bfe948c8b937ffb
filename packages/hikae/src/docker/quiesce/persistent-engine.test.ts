import { expect, test } from 'vitest'
import { DockerError } from '../engine-error.ts'
import type { Asked } from './container-condition.ts'
import { persistentEngine } from './persistent-engine.ts'

/** Answers with these, one after the other; the last one again and again. */
function engine(...answers: readonly (DockerError | string)[]): Asked & { readonly asked: () => number } {
  let count = 0
  return {
    address: 'unix:///nowhere',
    async ask<T>(): Promise<T> {
      const answer = answers[Math.min(count++, answers.length - 1)]
      if (answer instanceof DockerError) throw answer
      return answer as T
    },
    asked: () => count,
  }
}

const away = new DockerError('no Docker Engine answers')
const starting = new DockerError('not ready', { status: 503 })
const refused = new DockerError('port is already allocated', { status: 500 })

test('an engine that is away, or only just there, is asked again', async () => {
  const asked = engine(away, starting, 'done')
  expect(await persistentEngine(asked, 60_000).ask('try', () => Promise.resolve(''))).toBe('done')
  expect(asked.asked()).toBe(3)
})

test('an engine that stays away is given up in time', async () => {
  const began = performance.now()
  const asked = engine(away)
  await expect(persistentEngine(asked, 600).ask('try', () => Promise.resolve(''))).rejects.toBe(away)
  expect(performance.now() - began).toBeGreaterThanOrEqual(599)
  expect(asked.asked()).toBeGreaterThan(1)
})

test('an engine that refuses is not asked again', async () => {
  const asked = engine(refused, 'done')
  await expect(persistentEngine(asked, 60_000).ask('try', () => Promise.resolve(''))).rejects.toBe(refused)
  expect(asked.asked()).toBe(1)
})
