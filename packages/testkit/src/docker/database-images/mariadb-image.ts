import { globSync } from 'node:fs'
import { runOk } from '../../run-process.ts'
import type { ImageRecipe } from './image-recipe.ts'

const SERVER = '/usr/sbin/mariadbd'
const PROGRAMS = [
  ...[
    'mariadb',
    'mariadb-admin',
    'mariadb-dump',
    'mariadb-check',
    'mariadb-install-db',
    'my_print_defaults',
    'resolveip',
  ],
  'mariadb-binlog',
]
/** Programs that are looked for by MySQL's names. */
const LINKS = { mysql: 'mariadb', mysqldump: 'mariadb-dump', mysqladmin: 'mariadb-admin' }
const UID = 998

/** As far as a program that looks at it from outside can tell, the same as Docker's official image. */
const ENTRYPOINT = `#!/bin/sh
set -eu
data=/var/lib/mysql
case "\${1:-}" in
'' | -*) set -- mariadbd "$@" ;;
mariadbd | mysqld) ;;
*) exec "$@" ;;
esac
# MARIADB_ROOT_PASSWORD, or MYSQL_ROOT_PASSWORD, or either from the file that it names with _FILE.
setting() {
  for name in MARIADB_$1 MYSQL_$1; do
    eval "value=\\\${$name:-}; file=\\\${\${name}_FILE:-}"
    [ -z "$file" ] || value=$(cat "$file")
    [ -z "$value" ] || break
  done
  export "DB_$1=$value"
}
for name in ROOT_PASSWORD DATABASE USER PASSWORD; do [ -n "\${DB_READY:-}" ] || setting $name; done
if [ "$(id -u)" = 0 ]; then
  mkdir -p $data /run/mysqld
  chown -R ${UID}:${UID} $data /run/mysqld
  export HOME=$data DB_READY=1
  exec /usr/bin/setpriv --reuid=${UID} --regid=${UID} --clear-groups "$0" "$@"
fi
if [ ! -d $data/mysql ]; then
  if [ -z "$DB_ROOT_PASSWORD" ] && [ -z "\${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-\${MYSQL_ALLOW_EMPTY_PASSWORD:-}}" ]; then
    echo 'Database is uninitialized and password option is not specified' >&2
    exit 1
  fi
  # What is not there after a loss of power is made anew.
  quickly='--innodb-flush-method=nosync --innodb-flush-log-at-trx-commit=0'
  mariadb-install-db --datadir=$data --auth-root-authentication-method=normal --skip-test-db \\
    --skip-name-resolve $quickly >/dev/null
  # Nobody gets in by the network before all is there.
  mariadbd --skip-networking --socket=/run/mysqld/init.sock $quickly &
  server=$!
  sql() { mariadb -uroot --socket=/run/mysqld/init.sock "$@"; }
  until sql -e 'select 1' >/dev/null 2>&1; do kill -0 $server && sleep 0.05; done
  {
    # Those of this host's names and addresses have no password.
    echo "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost'; FLUSH PRIVILEGES;"
    [ -z "$DB_DATABASE" ] || echo "CREATE DATABASE IF NOT EXISTS \\\`$DB_DATABASE\\\`;"
    if [ -n "$DB_USER" ]; then
      echo "CREATE USER '$DB_USER'@'%' IDENTIFIED BY '$DB_PASSWORD';"
      [ -z "$DB_DATABASE" ] || echo "GRANT ALL ON \\\`$DB_DATABASE\\\`.* TO '$DB_USER'@'%';"
    fi
    echo "CREATE USER 'root'@'%' IDENTIFIED BY '$DB_ROOT_PASSWORD'; GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY '$DB_ROOT_PASSWORD';"
  } | sql
  export MYSQL_PWD="$DB_ROOT_PASSWORD"
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
    *.sh) . "$file" ;;
    *.sql) sql \${DB_DATABASE:+-D "$DB_DATABASE"} <"$file" ;;
    *.sql.gz) gunzip -c "$file" | sql \${DB_DATABASE:+-D "$DB_DATABASE"} ;;
    esac
  done
  mariadb-admin -uroot --socket=/run/mysqld/init.sock shutdown
  wait $server
  unset MYSQL_PWD
  echo 'MariaDB init process done. Ready for start up.'
fi
unset DB_READY DB_ROOT_PASSWORD DB_DATABASE DB_USER DB_PASSWORD
exec "$@"
`

export async function mariadbImage(): Promise<ImageRecipe> {
  const { stdout } = await runOk(SERVER, ['--no-defaults', '--version'])
  const version = /Ver (\d+\.\d+)/.exec(stdout)?.[1]
  if (version === undefined) throw new Error(`${SERVER} says of its version: ${stdout.trim()}`)
  const share = '/usr/share/mysql'
  return {
    tag: `test/mariadb:${version}`,
    programs: [
      SERVER,
      ...PROGRAMS.map((name) => `/usr/bin/${name}`),
      ...globSync('/usr/lib/mysql/plugin/*.so').toSorted(),
      '/usr/bin/setpriv',
    ],
    others: [`${share}/charsets`, `${share}/english`, ...globSync(`${share}/*.sql`).toSorted()],
    links: {
      'usr/sbin/mysqld': 'mariadbd',
      ...Object.fromEntries(Object.entries(LINKS).map(([name, target]) => [`usr/bin/${name}`, target])),
    },
    folders: { 'var/lib/mysql': UID, 'run/mysqld': UID, 'etc/mysql': 0, 'docker-entrypoint-initdb.d': 0 },
    texts: {
      'etc/mysql/my.cnf': '[mariadbd]\nskip-name-resolve\n',
      // The text of the command HELP would be half of what a first start does.
      'usr/share/mysql/fill_help_tables.sql': '',
    },
    entrypoint: ENTRYPOINT,
    settings: ['VOLUME /var/lib/mysql', 'EXPOSE 3306', 'CMD ["mariadbd"]'],
  }
}
