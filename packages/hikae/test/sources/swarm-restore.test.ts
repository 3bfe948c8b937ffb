import { readFile, stat, writeFile } from 'node:fs/promises'
import { describe } from 'vitest'
import { SECRET } from './swarm-ground.ts'
import { sharedSwarm, skip, test } from './swarm-test.ts'

const swarm = sharedSwarm()
const docker = (...args: string[]): Promise<string> => swarm().docker.docker(...args)

describe.skipIf(skip)('a swarm that is restored', () => {
  test('is there again after it was lost, and its services run with their configs and secrets', async ({
    on,
    expect,
  }) => {
    await swarm().begin()
    const node = await docker('info', '--format', '{{.Swarm.NodeID}}')
    await docker('node', 'update', '--label-add', 'disk=fast', node)
    await docker('swarm', 'update', '--task-history-limit', '2')
    await swarm().deploy(on.dir, 'shop')
    await swarm().startService('bound', '--constraint', `node.id==${node}`, '--network', 'host')
    const config = swarm().config({ secrets: { values: 'from-tasks' } })
    const before = await swarm().content('shop')
    expect(await on.backUp(config)).toMatchObject({ findings: [], backup: { outcome: 'succeeded' } })

    await swarm().begin()
    const restored = await on.restore(config)
    expect(restored.findings).toEqual([])
    expect(await swarm().content('shop')).toEqual(before)
    expect(await swarm().fileIn('shop_web', '/run/secrets/key')).toBe(SECRET.trim())
    expect(await swarm().fileIn('shop_web', '/var/keys/app')).toBe(SECRET.trim())
    expect(await swarm().fileIn('shop_web', '/etc/app.conf')).toContain('listen 80')
    await swarm().running('bound', 1)
    expect(await docker('node', 'inspect', 'self', '--format', '{{json .Spec.Labels}}')).toBe('{"disk":"fast"}')
    expect(await docker('info', '--format', '{{.Swarm.Cluster.Spec.Orchestration.TaskHistoryRetentionLimit}}')).toBe(
      '2',
    )
    expect(await docker('stack', 'ls', '--format', '{{.Name}} {{.Services}}')).toBe('shop 2')

    const again = await on.plan(config)
    expect(again.steps).toContain('everything is in the swarm already, as it was saved: nothing is changed')
  })

  test('names secrets whose value is not in the backup, and leaves out the services that need them', async ({
    on,
    expect,
  }) => {
    await swarm().begin()
    await swarm().deploy(on.dir, 'shop')
    const config = swarm().config()
    const { reading, backup } = await on.backUp(config)
    expect(backup.outcome).toBe('succeeded')
    expect(reading).toMatchObject({ findings: [], facts: { secretsWithoutValue: ['shop_key'] } })
    expect(on.ground.logged).toContain('without the values of these secrets: shop_key')

    await swarm().begin()
    const plan = await on.plan(config)
    expect(plan.steps).toContain('leave out these secrets, whose values are not in the backup: shop_key')
    expect((await plan.apply(new AbortController().signal)).findings).toEqual([
      {
        severity: 'error',
        message: 'the service shop_web is not restored: it needs shop_key, whose value is not in the backup',
        hint: 'make it with `docker secret create shop_key FILE`, and restore again',
      },
    ])
    expect(await docker('service', 'ls', '--format', '{{.Name}}')).toBe('shop_worker')

    await writeFile(on.dir.join('value'), 'made by hand')
    await docker('secret', 'create', 'shop_key', on.dir.join('value'))
    const whole = await on.plan(config)
    expect(whole.steps.join('\n')).toContain('use these secrets as they are there')
    expect((await whole.apply(new AbortController().signal)).findings).toEqual([])
    expect(await swarm().fileIn('shop_web', '/run/secrets/key')).toBe('made by hand')
  })

  test('gets other addresses for a network when its own are taken', async ({ on, expect }) => {
    await swarm().begin()
    await docker('network', 'create', '--driver', 'overlay', '--subnet', '10.9.0.0/16', 'inner')
    await swarm().startService('web', '--network', 'inner')
    const config = swarm().config()
    await on.backUp(config)

    await swarm().begin()
    await docker('network', 'create', '--driver', 'overlay', '--subnet', '10.9.7.0/24', 'taker')
    const { findings } = await on.restore(config)
    expect(findings.map(({ message }) => message)).toEqual([
      'the network inner gets other addresses than 10.9.0.0/16, which the network taker has',
    ])
    await swarm().running('web', 1)
  })

  test('is not confused by a network of the swarm that the node has just left', async ({ on, expect }) => {
    await swarm().begin()
    await docker('network', 'create', '--driver', 'overlay', 'inner')
    await swarm().startService('web', '--network', 'inner')
    await swarm().running('web', 1)
    const config = swarm().config()
    await on.backUp(config)
    await swarm().beginAtOnce()
    expect((await on.restore(config)).findings).toEqual([])
    await swarm().running('web', 1)
  })

  test('is one stack only when that is asked for', async ({ on, expect }) => {
    await swarm().begin()
    for (const name of ['one', 'two']) await swarm().startService(name, '--label', `com.docker.stack.namespace=${name}`)
    const config = swarm().config()
    await on.backUp(config)
    await swarm().begin()
    await expect(on.plan(config, 'stack:three')).rejects.toMatchObject({ hint: 'there are one, two' })
    await on.restore(config, 'stack:two')
    expect(await docker('service', 'ls', '--format', '{{.Name}}')).toBe('two')

    await docker('service', 'update', '--detach', '--force', 'two')
    expect((await on.plan(config, 'stack:two')).steps.join('\n')).toContain('nothing is changed')
    await docker('service', 'update', '--detach', '--label-add', 'a=b', 'two')
    await expect(on.plan(config, 'stack:two')).rejects.toMatchObject({
      message: 'the service two is there, and is another one (Labels.a)',
      hint: expect.stringContaining('without --to'),
    })
    await expect(on.undo(config)).rejects.toThrow('the service two has been changed since the restore')
  })

  test('is written to a folder that its owner alone can read', async ({ on, expect }) => {
    await swarm().begin()
    await swarm().startService('web', '--env', 'PASSWORD=1')
    const config = swarm().config()
    await on.backUp(config)
    const { place } = await on.restore(config, 'folder')
    expect(place).toBe(on.dir.join('folder'))
    const service = JSON.parse(await readFile(on.dir.join('folder/swarm/services/web.json'), 'utf8')) as {
      Name: string
    }
    expect(service.Name).toBe('web')
    expect((await stat(place)).mode & 0o777).toBe(0o700)
    await expect(on.plan(config, 'folder')).rejects.toThrow('is not empty')
    const settings = await readFile(on.dir.join('folder/swarm/swarm.json'), 'utf8')
    expect(settings).not.toMatch(/SWMTKN|TrustRoot/)
  })
})
