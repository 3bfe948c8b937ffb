import { writeFile } from 'node:fs/promises'
import { describeKilled, makeHistory, newRepository } from './killing.ts'

describeKilled('a copy', 12, async (dir) => {
  const source = await newRepository(dir, 'source')
  await makeHistory(dir, source, 3, [1_500_000, 1_400_000, 1_300_000, 1_200_000])
  const hikae = await newRepository(dir)
  const kept = await makeHistory(dir, hikae, 2, [60_000, 50_000])
  await writeFile(dir.join('password'), source.password)
  const from = ['--from-repo', source.repository, '--from-password-file', dir.join('password')]
  return { dir, hikae, kept, args: ['copy', '--pack-size', '4', ...from] }
})
