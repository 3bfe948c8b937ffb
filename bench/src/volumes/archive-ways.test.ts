import { expect, test } from 'vitest'
import { placeIn } from '../places/place.ts'
import { archiveWays } from './archive-ways.ts'
import type { MeasuredVolume } from './measured-volume.ts'

const volume = (programs: string[]): MeasuredVolume => ({
  name: 'data',
  content: '/nowhere',
  host: 'unix:///run/bench.sock',
  image: 'archive:1',
  programs,
  containerProcesses: () => [],
  [Symbol.asyncDispose]: async () => undefined,
})

test('nobody is measured with a program that is not there', () => {
  const names = (programs: string[]): string[] => archiveWays(volume(programs)).map(({ name }) => name)
  expect(names(['tar', 'gzip', 'pigz'])).toEqual(['helper-gzip', 'helper-pigz', 'run-tar', 'run-gzip'])
  expect(names(['tar', 'gzip'])).toEqual(['helper-gzip', 'run-tar', 'run-gzip'])
})

test('a helper container sees the volume read-only, and nothing but it and the folder for archives', () => {
  const [helper] = archiveWays(volume([]))
  const { args, env } = helper!.backUp(placeIn('/backups'))
  const mounts = args.filter((_, at) => args[at - 1] === '--volume')
  expect(mounts).toEqual(['data:/backup:ro', '/backups:/archive'])
  expect(env).toMatchObject({ DOCKER_HOST: 'unix:///run/bench.sock' })
})
