import type { ContainerSummary } from './container.ts'

/** What keeps its data in files that change while it runs. */
export type DatabaseProduct =
  | 'PostgreSQL'
  | 'MySQL'
  | 'MariaDB'
  | 'Redis'
  | 'MongoDB'
  | 'SQLite'
  | 'SQL Server'
  | 'Oracle Database'
  | 'CockroachDB'
  | 'ClickHouse'
  | 'Cassandra'
  | 'CouchDB'
  | 'Elasticsearch'
  | 'OpenSearch'
  | 'InfluxDB'
  | 'Neo4j'
  | 'etcd'

/** What is known of a container; the more, the surer. */
export interface DatabaseClues extends Pick<ContainerSummary, 'image' | 'command' | 'ports'> {
  /** Other names of its image, with or without tag. */
  readonly imageNames?: readonly string[]
  /** Names of its environment's variables, without values. */
  readonly variables?: readonly string[]
  /** Programs that run in it, without folders: `postgres`. */
  readonly programs?: readonly string[]
}

interface Recognition {
  readonly product: DatabaseProduct
  /** The last part of an image's name, alone or with the part before it. */
  readonly image: RegExp
  /** Names of servers' programs. */
  readonly program?: RegExp
  /** Variables that an image of this product sets. Passwords are none: applications have them too. */
  readonly variables?: readonly string[]
  /** Ports that are this product's, where the name of the image says nothing. */
  readonly ports?: readonly number[]
}

/** What takes the name of the product further: `postgresql-ha`, `mysql-server`, `redis7`. */
const END = String.raw`(?:[-_]?(?:\d[\w.]*|ha|server|cluster|repl|replica|primary|master|slave|single|node|community|enterprise|alpine|stack|db|database))*`

function named(...names: string[]): RegExp {
  return new RegExp(`^(?:${names.join('|')})${END}$`)
}

/** MariaDB is before MySQL, and CockroachDB before PostgreSQL, because they also show the other's marks. */
const RECOGNITIONS: readonly Recognition[] = [
  {
    product: 'MariaDB',
    image: named('mariadb', 'mariadb-galera', 'mariadb-columnstore'),
    program: /^(?:mariadbd|mariadbd-safe)$/,
    variables: ['MARIADB_VERSION', 'MARIADB_MAJOR'],
  },
  {
    product: 'MySQL',
    image: named('mysql', 'percona', 'percona-xtradb', 'percona-server-mysql', 'percona-xtradb-cluster', 'mysql-ndb'),
    program: /^(?:mysqld|mysqld_safe)$/,
    variables: ['MYSQL_MAJOR', 'MYSQL_SHELL_VERSION', 'MYSQL_UNIX_PORT'],
    ports: [3306],
  },
  {
    product: 'CockroachDB',
    image: named('cockroach', 'cockroachdb'),
    program: /^cockroach$/,
    ports: [26_257],
  },
  {
    product: 'PostgreSQL',
    image: named(
      ...[
        'postgres',
        'postgresql',
        'postgis',
        'timescaledb',
        'pgvector',
        'pgvecto-rs',
        'vectorchord-postgres',
        'citus',
      ],
      ...['spilo', 'crunchy-postgres', 'crunchy-postgres-gis', 'postgresql-repmgr', 'supabase-postgres', 'paradedb'],
      ...['enterprisedb', 'edb-postgres', 'percona-postgresql', 'percona-distribution-postgresql', 'orioledb'],
    ),
    program: /^(?:postgres|postmaster)$/,
    variables: ['PGDATA', 'PG_MAJOR'],
    ports: [5432],
  },
  {
    product: 'Redis',
    image: named('redis', 'redis-sentinel', 'valkey', 'keydb', 'dragonfly', 'garnet'),
    program: /^(?:redis-server|valkey-server|keydb-server|dragonfly)$/,
    variables: ['REDIS_VERSION', 'VALKEY_VERSION'],
    ports: [6379],
  },
  {
    product: 'MongoDB',
    image: named('mongo', 'mongodb', 'mongodb-sharded', 'percona-server-mongodb', 'ferretdb'),
    program: /^mongod$/,
    variables: ['MONGO_VERSION', 'MONGO_MAJOR'],
    ports: [27_017],
  },
  {
    product: 'SQL Server',
    image: named('mssql', 'mssql-server', 'azure-sql-edge'),
    program: /^sqlservr$/,
    variables: ['MSSQL_PID'],
    ports: [1433],
  },
  {
    product: 'Oracle Database',
    image: named('oracle-free', 'oracle-xe', 'oracle-database'),
    program: /^(?:ora_pmon_\w+|tnslsnr)$/,
    ports: [1521],
  },
  { product: 'ClickHouse', image: named('clickhouse'), program: /^clickhouse-serv(?:er)?$/, ports: [9440] },
  { product: 'Cassandra', image: named('cassandra', 'scylla', 'scylladb'), program: /^scylla$/, ports: [9042] },
  { product: 'CouchDB', image: named('couchdb', 'couchbase'), ports: [5984] },
  { product: 'OpenSearch', image: named('opensearch'), variables: ['OPENSEARCH_JAVA_OPTS'] },
  { product: 'Elasticsearch', image: named('elasticsearch', 'elasticsearch-oss'), ports: [9300] },
  { product: 'InfluxDB', image: named('influxdb'), program: /^influxd$/ },
  { product: 'Neo4j', image: named('neo4j'), ports: [7687] },
  { product: 'etcd', image: named('etcd'), program: /^etcd$/, ports: [2379] },
]

/**
 * Which database a container runs; undefined when nothing speaks for one. What runs in it counts most, then the names of
 * its image, then its command. Its environment and its ports are guesses, for where nobody knows what runs.
 */
export function databaseOf(clues: DatabaseClues): DatabaseProduct | undefined {
  const { image, imageNames = [], command, variables = [], programs, ports } = clues
  const names = [image, ...imageNames].flatMap(lastParts)
  const words = programsOf(command)
  const by = (test: (recognition: Recognition) => boolean): DatabaseProduct | undefined =>
    RECOGNITIONS.find(test)?.product
  const known =
    by(({ program }) => (programs ?? []).some((name) => program?.test(name) ?? false)) ??
    by((recognition) => names.some((name) => recognition.image.test(name))) ??
    by(({ program }) => words.some((word) => program?.test(word) ?? false))
  if (known !== undefined || programs !== undefined) return known
  return (
    by((recognition) => (recognition.variables ?? []).some((name) => variables.includes(name))) ??
    by((recognition) => (recognition.ports ?? []).some((port) => ports.includes(port)))
  )
}

/** `registry.example.com:5000/team/postgres:16@sha256:…`: `postgres` and `team-postgres`; nothing of an id. */
function lastParts(image: string): string[] {
  if (/^(?:sha256:)?[0-9a-f]{12,64}$/.test(image)) return []
  const parts = image.split('@')[0]!.toLowerCase().split('/')
  const [name = ''] = parts.at(-1)!.split(':')
  return [name, `${parts.at(-2) ?? ''}-${name}`]
}

/** What only begins another program. */
const WRAPPER = /entrypoint|\.sh$|^(?:sh|bash|env|exec|init|tini|dumb-init|docker-init|gosu|su-exec|setpriv|s6-svscan)$/

/** The program without its folder, and those that begin it. */
function programsOf(command: string): string[] {
  const programs: string[] = []
  for (const word of command.split(/\s+/)) {
    if (word === '' || word.startsWith('-')) continue
    const name = word
      .replace(/^["']|["']$/g, '')
      .split('/')
      .at(-1)!
    programs.push(name)
    if (!WRAPPER.test(name)) break
  }
  return programs
}
