import type Docker from 'dockerode'
import { expect, test } from 'vitest'
import { containerSettings, type Surroundings } from './container-settings.ts'

const ID = '0123456789ab'.padEnd(64, 'c')
const OTHER = 'f'.repeat(64)
const IMAGE = `sha256:${'e'.repeat(64)}`

const AROUND: Surroundings = {
  folder: '/srv/shop',
  newFolder: '/data/shop',
  names: new Map([[OTHER, 'shop-db-1']]),
  images: new Map([[IMAGE, ['shop:1', 'shop:latest']]]),
  hostName: 'old-host',
  migration: 'm1',
}

/** What an engine tells of a container; only what matters here. */
function inspected({
  config = {},
  host = {},
  mounts = [],
  networks = {},
}: {
  readonly config?: object
  readonly host?: object
  readonly mounts?: readonly object[]
  readonly networks?: object
}): Docker.ContainerInspectInfo {
  return {
    Id: ID,
    Name: '/shop-web-1',
    Image: IMAGE,
    Config: { Hostname: ID.slice(0, 12), Domainname: '', Image: 'shop:1', Labels: {}, ...config },
    HostConfig: { NetworkMode: 'shop_default', ...host },
    Mounts: mounts,
    NetworkSettings: { Networks: networks },
  } as never
}

function optionsOf(given: Parameters<typeof inspected>[0]): Record<string, never> {
  return containerSettings(inspected(given), AROUND).options as never
}

test('the name of a host is kept only when somebody chose it', () => {
  expect(optionsOf({})).not.toHaveProperty('Hostname')
  expect(optionsOf({ config: { Hostname: 'web' } })).toHaveProperty('Hostname', 'web')
  expect(optionsOf({ config: { Hostname: 'old-host' }, host: { NetworkMode: 'host' } })).not.toHaveProperty('Hostname')
})

test('what shares the network of another container finds that by its name, and has none of what an engine refuses then', () => {
  const config = { Hostname: 'db', ExposedPorts: { '80/tcp': {} } }
  const options = optionsOf({ config, host: { NetworkMode: `container:${OTHER}`, VolumesFrom: [`${OTHER}:ro`] } })
  expect(options['HostConfig']).toMatchObject({ NetworkMode: 'container:shop-db-1', VolumesFrom: ['shop-db-1:ro'] })
  expect(JSON.parse(JSON.stringify(options))).not.toHaveProperty('ExposedPorts')
  expect(options).not.toHaveProperty('Hostname')
})

test('paths in the folder of the project go with it, others stay', () => {
  const binds = ['/srv/shop/site:/site:ro', '/srv/shop-other:/other', 'shop_data:/data']
  const mount = { Type: 'bind', Source: '/srv/shop/secret', Target: '/run/secrets/token' }
  const labels = {
    'com.docker.compose.project.working_dir': '/srv/shop',
    'com.docker.compose.project.config_files': '/srv/shop/compose.yaml,/etc/more.yaml',
    own: '/srv/shop',
  }
  expect(optionsOf({ config: { Labels: labels }, host: { Binds: binds, Mounts: [mount] } })).toMatchObject({
    HostConfig: {
      Binds: ['/data/shop/site:/site:ro', '/srv/shop-other:/other', 'shop_data:/data'],
      Mounts: [{ ...mount, Source: '/data/shop/secret' }],
    },
    Labels: {
      'com.docker.compose.project.working_dir': '/data/shop',
      'com.docker.compose.project.config_files': '/data/shop/compose.yaml,/etc/more.yaml',
      own: '/srv/shop',
      'hikae.migration': 'm1',
    },
  })
})

test('volumes that nobody named are mounted by their names, each once', () => {
  const [unnamed, asked] = ['a'.repeat(64), 'b'.repeat(64)]
  const mounts = [
    { Type: 'volume', Name: 'shop_data', Destination: '/data', RW: true },
    { Type: 'volume', Name: unnamed, Destination: '/cache', RW: true },
    { Type: 'volume', Name: asked, Destination: '/tmp/more', RW: false },
  ]
  const host = { Binds: ['shop_data:/data'], Mounts: [{ Type: 'volume', Target: '/tmp/more' }] }
  expect(optionsOf({ host, mounts })['HostConfig']).toMatchObject({
    Binds: ['shop_data:/data', `${unnamed}:/cache:rw`],
    Mounts: [{ Type: 'volume', Target: '/tmp/more', Source: asked }],
  })
})

test('a name that leads to the image is kept, and its id takes the place of any other', () => {
  expect(optionsOf({})).toHaveProperty('Image', 'shop:1')
  expect(optionsOf({ config: { Image: 'shop' } })).toHaveProperty('Image', 'shop')
  expect(optionsOf({ config: { Image: `shop@sha256:${'1'.repeat(64)}` } })).toHaveProperty('Image', IMAGE)
})

test('the network that it belongs to is the first, others are joined, with the aliases that somebody gave', () => {
  const networks = {
    shop_inner: {
      Aliases: ['database', ID.slice(0, 12)],
      IPAMConfig: { IPv4Address: '10.0.0.9' },
      IPAddress: '10.0.0.9',
    },
    shop_default: { Aliases: null, IPAMConfig: null, IPAddress: '172.18.0.2' },
  }
  const { options, furtherNetworks } = containerSettings(inspected({ networks }), AROUND)
  expect(options.NetworkingConfig).toEqual({ EndpointsConfig: { shop_default: { Aliases: [] } } })
  expect([...furtherNetworks]).toEqual([
    ['shop_inner', { Aliases: ['database'], IPAMConfig: { IPv4Address: '10.0.0.9' } }],
  ])
})
