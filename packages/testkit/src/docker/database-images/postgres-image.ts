import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { postgresPrograms } from '../../postgres/programs.ts'
import type { ImageRecipe } from './image-recipe.ts'

const PROGRAMS = [
  ...['postgres', 'initdb', 'pg_ctl', 'psql', 'pg_dump', 'pg_dumpall', 'pg_restore', 'pg_isready', 'pg_basebackup'],
  ...['pg_verifybackup', 'pg_controldata', 'pg_amcheck', 'createdb', 'dropdb', 'createuser'],
]
/** All of them would be a thousand files. */
const ZONES = ['Etc', 'UTC', 'GMT', 'Asia/Tokyo', 'Europe/Berlin', 'America/New_York']
const UID = 999

/** As far as a program that looks at it from outside can tell, the same as Docker's official image. */
const ENTRYPOINT = `#!/bin/sh
set -eu
: "\${PGDATA:=/var/lib/postgresql/data}"
export PGDATA
case "\${1:-}" in
'' | -*) set -- postgres "$@" ;;
postgres) ;;
*) exec "$@" ;;
esac
# PASSWORD_FILE instead of PASSWORD, and so on.
from_file() {
  eval "file=\\\${\${1}_FILE:-}"
  [ -z "$file" ] || { export "$1=$(cat "$file")" && unset "\${1}_FILE"; }
}
for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB; do from_file $name; done
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  chown -R ${UID}:${UID} "$PGDATA" /run/postgresql
  chmod 700 "$PGDATA"
  export HOME=/var/lib/postgresql
  exec /usr/bin/setpriv --reuid=${UID} --regid=${UID} --clear-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=\${POSTGRES_USER:-postgres}
  database=\${POSTGRES_DB:-$user}
  method=\${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "\${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
    echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
    exit 1
  fi
  secret=$(mktemp)
  printf '%s\\n' "\${POSTGRES_PASSWORD:-none}" >"$secret"
  initdb --username="$user" --pwfile="$secret" --encoding=UTF8 --locale=C.UTF-8 --no-sync \${POSTGRES_INITDB_ARGS:-} >/dev/null
  rm "$secret"
  printf '\\nhost all all all %s\\n' "$method" >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  set_up() {
    # Nobody gets in by the network before all is there.
    PGUSER=$user pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -c fsync=off" -w start >/dev/null
    sql() { psql -v ON_ERROR_STOP=1 -q -U "$user" "$@"; }
    [ "$database" = postgres ] || printf 'CREATE DATABASE :"name"' | sql -d postgres -v name="$database"
    for file in /docker-entrypoint-initdb.d/*; do
      case "$file" in
      *.sh) . "$file" ;;
      *.sql) sql -d "$database" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | sql -d "$database" ;;
      esac
    done
    PGUSER=$user pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
  }
  [ "$database" = postgres ] && [ -z "$(ls /docker-entrypoint-initdb.d)" ] || set_up
  echo 'PostgreSQL init process complete; ready for start up.'
fi
exec "$@"
`

export async function postgresImage(): Promise<ImageRecipe> {
  const binDir = await postgresPrograms()
  if (binDir === undefined) throw new Error("Debian's postgresql is not installed")
  const version = basename(join(binDir, '..'))
  const libraries = globSync(`/usr/lib/postgresql/${version}/lib/*.so`)
  const share = `/usr/share/postgresql/${version}`
  return {
    tag: `test/postgres:${version}`,
    programs: [
      ...PROGRAMS.map((name) => join(binDir, name)),
      // It alone would be as large as all the rest.
      ...libraries.filter((path) => !path.includes('llvmjit')).toSorted(),
      '/usr/bin/setpriv',
    ],
    others: [share, '/usr/lib/locale/C.utf8', ...ZONES.map((zone) => `/usr/share/zoneinfo/${zone}`)],
    leftOut: [`${share}/man`],
    links: {
      'var/run': '/run',
      ...Object.fromEntries(PROGRAMS.map((name) => [`usr/bin/${name}`, join(binDir, name)])),
    },
    folders: { 'var/lib/postgresql': UID, 'var/lib/postgresql/data': UID, 'docker-entrypoint-initdb.d': 0 },
    entrypoint: ENTRYPOINT,
    settings: [
      'ENV PGDATA=/var/lib/postgresql/data',
      'VOLUME /var/lib/postgresql/data',
      'STOPSIGNAL SIGINT',
      'EXPOSE 5432',
      'CMD ["postgres"]',
    ],
  }
}
