import { runOk } from '../../run-process.ts'
import type { ImageRecipe } from './image-recipe.ts'

const UID = 997

/** As far as a program that looks at it from outside can tell, the same as Docker's official image. */
const ENTRYPOINT = `#!/bin/sh
set -e
case "\${1:-}" in
'' | -* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  chown -R ${UID}:${UID} .
  exec /usr/bin/setpriv --reuid=${UID} --regid=${UID} --clear-groups "$0" "$@"
fi
exec "$@"
`

export async function redisImage(): Promise<ImageRecipe> {
  const { stdout } = await runOk('/usr/bin/redis-server', ['--version'])
  const version = /v=(\d+)/.exec(stdout)?.[1]
  if (version === undefined) throw new Error(`redis-server says of its version: ${stdout.trim()}`)
  return {
    tag: `test/redis:${version}`,
    programs: ['/usr/bin/redis-server', '/usr/bin/redis-cli', '/usr/bin/setpriv'],
    others: [],
    links: { 'usr/bin/redis-check-rdb': 'redis-server', 'usr/bin/redis-check-aof': 'redis-server' },
    folders: { data: UID },
    entrypoint: ENTRYPOINT,
    settings: ['WORKDIR /data', 'VOLUME /data', 'EXPOSE 6379', 'CMD ["redis-server", "--protected-mode", "no"]'],
  }
}
