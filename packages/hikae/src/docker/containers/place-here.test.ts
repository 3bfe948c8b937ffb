import { expect, test } from 'vitest'
import { type OwnMount, placeInMounts } from './place-here.ts'

const VOLUMES = '/var/lib/docker/volumes'
const DATA = `${VOLUMES}/data/_data`

function bind(Source: string, Destination: string): OwnMount {
  return { Type: 'bind', Source, Destination }
}

test.for<{ what: string; mounts: OwnMount[]; place: string | undefined }>([
  { what: 'a folder that is mounted at its own path', mounts: [bind(VOLUMES, VOLUMES)], place: DATA },
  { what: 'one that is mounted elsewhere', mounts: [bind(VOLUMES, '/v')], place: '/v/data/_data' },
  { what: 'the whole host', mounts: [bind('/', '/host')], place: `/host${DATA}` },
  { what: 'the volume itself', mounts: [{ Type: 'volume', Source: DATA, Destination: '/data' }], place: '/data' },
  { what: 'nothing', mounts: [], place: undefined },
  { what: 'a folder that only begins alike', mounts: [bind(`${VOLUMES}/dat`, '/v')], place: undefined },
  { what: 'another folder at its path', mounts: [bind('/other', VOLUMES)], place: undefined },
  {
    what: 'something mounted over it',
    mounts: [bind(VOLUMES, VOLUMES), bind('/other', `${VOLUMES}/data`)],
    place: undefined,
  },
  {
    what: 'something mounted within it',
    mounts: [bind(VOLUMES, VOLUMES), { Type: 'tmpfs', Source: '', Destination: `${DATA}/cache` }],
    place: undefined,
  },
  {
    what: 'a second place, the first being covered',
    mounts: [bind(VOLUMES, VOLUMES), bind('/other', DATA), bind(VOLUMES, '/v')],
    place: '/v/data/_data',
  },
])('a container with $what', ({ mounts, place }) => {
  expect(placeInMounts(mounts, DATA)).toBe(place)
})
