import { describeKilled, makeHistory, newRepository } from './killing.ts'

describeKilled('a forget', 8, async (dir) => {
  const hikae = await newRepository(dir)
  const history = await makeHistory(dir, hikae, 8, [60_000, 50_000, 40_000])
  return { dir, hikae, kept: history.slice(-3), args: ['forget', '--keep-last', '3'] }
})
