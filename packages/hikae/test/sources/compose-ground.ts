import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { compose, readTreeFacts, type TempDir, type TestDocker } from '@hikae/testkit'
import { type ComposeConfig, composeConfig } from '../../src/sources/compose/config.ts'

const COMPOSE_FILE = `
services:
  web:
    image: test/base:1
    init: true
    command: [sh, -c, 'while :; do sleep 1; done']
    env_file: [web.env]
    volumes: ['data:/data', './config:/config:ro', /etc/localtime:/etc/localtime:ro]
    stop_grace_period: 1s
  worker:
    image: test/base:1
    init: true
    command: [sleep, '100000']
    volumes: ['data:/data', 'jobs:/jobs']
    stop_grace_period: 1s
volumes:
  data:
  jobs: { labels: { purpose: queue } }
`

/** A Compose project that runs: two services, two volumes, a folder that is mounted, an env file. */
export class ComposeGround {
  readonly name: string
  readonly folder: string
  readonly #docker: TestDocker

  private constructor(docker: TestDocker, folder: string, name: string) {
    this.#docker = docker
    this.folder = folder
    this.name = name
  }

  static async up(docker: TestDocker, dir: TempDir, name: string): Promise<ComposeGround> {
    const ground = new ComposeGround(docker, dir.join(name), name)
    await ground.write({
      'compose.yaml': COMPOSE_FILE,
      'web.env': 'SECRET=1\n',
      'config/app.conf': 'port = 80\n',
      'not-part-of-it': 'x',
    })
    await ground.compose('up', '--detach')
    await docker.docker(
      'exec',
      `${name}-web-1`,
      'sh',
      '-c',
      'echo rows >/data/rows; chown 999 /data/rows; mkdir /data/more',
    )
    await docker.docker('exec', `${name}-worker-1`, 'sh', '-c', 'echo job >/jobs/1')
    return ground
  }

  config(given: object = {}): ComposeConfig {
    return composeConfig.parse({ engine: { host: this.#docker.host }, project: this.name, ...given })
  }

  async compose(...args: string[]): Promise<string> {
    return (await compose(this.#docker, this.folder, ...args)).stdout
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.folder, name)), { recursive: true })
      await writeFile(join(this.folder, name), content)
    }
  }

  volume(key: string, project = this.name): string {
    return `${this.#docker.dataRoot}/volumes/${project}_${key}/_data`
  }

  /** What belongs to the project, wherever it is and whatever it is called. */
  async content(project = this.name, folder = this.folder): Promise<unknown> {
    const files = ['compose.yaml', 'web.env', 'config/app.conf']
    return {
      files: await Promise.all(files.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])),
      data: await treeOf(this.volume('data', project)),
      jobs: await treeOf(this.volume('jobs', project)),
    }
  }
}

async function treeOf(folder: string): Promise<unknown> {
  const facts = await readTreeFacts(folder)
  return [...facts].map(([path, fact]) => [path, { ...fact, allocated: undefined }])
}
