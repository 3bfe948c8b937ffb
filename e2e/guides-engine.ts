import { mkdir, symlink } from 'node:fs/promises'
import { BASE_IMAGE, COMPOSE, makeCheapRepository, type TempDir, type TestDocker } from '@hikae/testkit'
import { PASSWORD } from './hikae.ts'

// What the guide to Docker takes to be on an engine: a Compose project, volumes, a container with files, a swarm; all of it
// saved. `<!-- engine: SCENE -->` before commands in a guide says what has happened since.

const SERVICE = `{ image: ${BASE_IMAGE}, init: true, command: [sleep, '100000'], stop_grace_period: 1s`

const BEGINNING = `
hikae() {
  case "$*" in
    restore*|*prune-volumes*) command hikae "$@" --yes ;;
    *) command hikae "$@" ;;
  esac
}
cd /srv/shop
cat >docker-compose.yml <<'END'
services:
  web: ${SERVICE}, env_file: [.env], volumes: ['data:/data', './uploads:/uploads'] }
volumes: { data: {} }
END
docker compose up --detach
docker exec shop-web-1 sh -c 'echo 1 >/data/rows'
docker volume create media-1
docker run --detach --init --name blog ${BASE_IMAGE} sleep 100000
docker exec blog sh -c 'mkdir -p /app/uploads /app/keys; echo jpeg >/app/uploads/1.jpg; echo secret >/app/keys/id'
docker swarm init --advertise-addr 127.0.0.1
mkdir -p /srv/backup
cd /srv/backup
cat >stack.yml <<'END'
version: '3.7'
services:
  web: { image: ${BASE_IMAGE}, init: true, command: [sleep, '100000'], deploy: { endpoint_mode: dnsrr } }
networks: { default: { name: cluster } }
END
docker stack deploy --resolve-image never --compose-file stack.yml shop
cat >hikae.yaml <<'END'
version: 1
stack: shop
repositories: { usb: { local: /mnt/usb, password: { env: HIKAE_PASSWORD } } }
sources:
  shop: { compose: { project: shop, quiesce: stop } }
  data: { docker-volumes: { names: [shop_data, 'media-*'] } }
  uploads: { container-files: { container: blog, paths: [/app/uploads, /app/keys] } }
  images: { docker-images: { references: ['test/*'] } }
  cluster: { swarm: {} }
jobs: { nightly: {}, volumes: { sources: [data] } }
END
hikae backup nightly
`

const SCENES: Readonly<Record<string, string>> = {
  'the project runs': '',
  'the project is gone': `
    (cd /srv/shop && docker compose down --volumes)
    rm -rf /srv/shop`,
  'volumes are in use': '(cd /srv/shop && docker compose up --detach)',
  'images are there': '',
  'a container is there': `docker run --detach --init --name blog-restored ${BASE_IMAGE} sleep 100000`,
  'a swarm is there': 'docker stack rm shop',
  'volumes are dangling': `
    docker volume create media-old
    hikae backup volumes`,
  'a container has brought a source': `
    echo 'discover: {}' >>hikae.yaml
    docker run --detach --init --name rows --volume rows:/rows --label hikae.source.rows.kind=docker-volumes --label hikae.source.rows.job=volumes ${BASE_IMAGE} sleep 100000
    docker exec rows sh -c 'echo 1 >/rows/1'
    hikae backup volumes
    docker rm --force rows
    docker volume rm rows`,
}

/** Makes what {@link typedOnEngine} needs. */
export async function makeEngineMachine(dir: TempDir): Promise<void> {
  await makeCheapRepository(dir.join('mnt/usb'), PASSWORD)
  await mkdir(dir.join('home/.docker/cli-plugins'), { recursive: true })
  await symlink(COMPOSE, dir.join('home/.docker/cli-plugins/docker-compose'))
}

export function engineEnvironment({ host }: TestDocker): Record<string, string> {
  return { DOCKER_HOST: host, DOCKER_BUILDKIT: '0', HIKAE_PASSWORD: PASSWORD }
}

/** What is typed before everything else. */
export const ENGINE_BEGINNING = BEGINNING

/** What is typed before a block of a scene. @throws there is no such scene */
export function beforeScene(scene: string): string {
  const typed = SCENES[scene]
  if (typed === undefined) throw new Error(`no scene is called ${scene}`)
  return `{ ${typed === '' ? ':' : typed}\n} >/dev/null\n`
}
