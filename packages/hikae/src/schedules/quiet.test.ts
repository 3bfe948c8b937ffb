import { FakeClock } from '@hikae/testkit'
import { test } from 'vitest'
import { Quiet } from './quiet.ts'

test('many events have one answer, when it has been quiet', async ({ expect }) => {
  const { clock, quiet, answers } = subject()
  await using _ = quiet
  for (const second of [0, 10, 25]) {
    await clock.passTo(at(second))
    quiet.touch()
  }
  await clock.passTo(at(54))
  expect(answers).toEqual([])
  await clock.passTo(at(500))
  expect(answers).toEqual([at(55)])
})

test('what is never quiet has its answers all the same', async ({ expect }) => {
  const { clock, quiet, answers } = subject()
  await using _ = quiet
  for (let second = 0; second <= 130; second += 10) {
    await clock.passTo(at(second))
    quiet.touch()
  }
  await clock.passTo(at(500))
  expect(answers).toEqual([at(60), at(120), at(160)])
})

test('an event while it answers has an answer of its own', async ({ expect }) => {
  const held = Promise.withResolvers<void>()
  const { clock, quiet, answers } = subject(() => held.promise)
  await using _ = quiet
  quiet.touch()
  await clock.passTo(at(31))
  quiet.touch()
  await clock.passTo(at(100))
  expect(answers).toEqual([at(30)])
  held.resolve()
  await clock.passTo(at(200))
  expect(answers).toEqual([at(30), at(100)])
})

test('a clock that is set back does not make it wait for long', async ({ expect }) => {
  const { clock, quiet, answers } = subject()
  await using _ = quiet
  quiet.touch()
  await clock.setTo(at(-7200))
  await clock.passTo(at(-7000))
  expect(answers).toEqual([at(-7170)])
})

test('nothing is answered after the end', async ({ expect }) => {
  const { clock, quiet, answers } = subject()
  quiet.touch()
  await quiet[Symbol.asyncDispose]()
  quiet.touch()
  await clock.passTo(at(500))
  expect(answers).toEqual([])
})

/** Settles after 30 seconds, or after 60. */
function subject(then: () => Promise<void> = async () => {}): { clock: FakeClock; quiet: Quiet; answers: Date[] } {
  const clock = new FakeClock(at(0))
  const answers: Date[] = []
  const onQuiet = async (): Promise<void> => {
    answers.push(clock.now())
    await then()
  }
  return { clock, answers, quiet: new Quiet({ clock, settleMs: 30_000, atMostMs: 60_000, onQuiet }) }
}

function at(second: number): Date {
  return new Date(Date.parse('2026-11-21T00:00Z') + second * 1000)
}
