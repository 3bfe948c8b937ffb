import { randomBytesOf } from '@hikae/testkit'
import { makeFiles } from './fixtures.ts'
import { describeKilled, makeHistory, newRepository } from './killing.ts'

describeKilled('a backup', 16, async (dir) => {
  const hikae = await newRepository(dir)
  const kept = await makeHistory(dir, hikae, 3, [300_000, 200_000, 100_000])
  const more = Array.from({ length: 9 }, (_, n) => [`more/${n}`, randomBytesOf(`more ${n}`, 1_300_000)] as const)
  await makeFiles(dir.join('tree'), Object.fromEntries(more))
  return { dir, hikae, kept, args: ['backup', '--pack-size', '4', 'tree'] }
})
