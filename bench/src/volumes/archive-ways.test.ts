import { expect, test } from 'vitest'
import { placeIn } from '../places/place.ts'
import { archiveWays } from './archive-ways.ts'
import type { MeasuredVolume } from './measured-volume.ts'

const volume = (programs: MeasuredVolume['programs']): MeasuredVolume => ({
  name: 'data',
  content: '/nowhere',
  host: 'unix:///run/bench.sock',
  image: 'archive:1',
  programs,
  containerProcesses: () => [],
  [Symbol.asyncDispose]: async () => undefined,
})

test('nobody is measured with a program that is not there', () => {
  const names = (programs: MeasuredVolume['programs']): string[] =>
    archiveWays(volume(programs)).map(({ name }) => name)
  expect(names(['pigz', 'archiver'])).toEqual(['helper-pgzip', 'helper-gzip', 'helper-pigz', 'run-tar', 'run-gzip'])
  expect(names([])).toEqual(['helper-gzip', 'run-tar', 'run-gzip'])
})

test('a helper container sees the volume read-only, and nothing but it and the folder for archives', () => {
  const [helper] = archiveWays(volume([]))
  const { args, env } = helper!.backUp(placeIn('/backups'))
  const mounts = args.filter((_, at) => args[at - 1] === '--volume')
  expect(mounts).toEqual(['data:/backup:ro', '/backups:/archive'])
  expect(env).toMatchObject({ DOCKER_HOST: 'unix:///run/bench.sock' })
})
