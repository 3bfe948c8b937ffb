import { describe, expect, test } from 'vitest'
import { type DatabaseClues, databaseOf } from './database-image.ts'

function of(clues: Partial<DatabaseClues>): string | undefined {
  return databaseOf({ image: 'sha256:0123456789ab', command: '/entrypoint.sh', ports: [], ...clues })
}

describe('a database is recognised', () => {
  test.for([
    ['postgres', 'PostgreSQL'],
    ['postgres:16-alpine', 'PostgreSQL'],
    ['registry.example.com:5000/team/postgres@sha256:0123', 'PostgreSQL'],
    ['postgis/postgis:16-3.4', 'PostgreSQL'],
    ['timescale/timescaledb-ha:pg16', 'PostgreSQL'],
    ['pgvector/pgvector:pg17', 'PostgreSQL'],
    ['bitnami/postgresql-repmgr', 'PostgreSQL'],
    ['ghcr.io/zalando/spilo-16', 'PostgreSQL'],
    ['mysql/mysql-server:8.0', 'MySQL'],
    ['percona/percona-xtradb-cluster', 'MySQL'],
    ['lscr.io/linuxserver/mariadb', 'MariaDB'],
    ['bitnami/mariadb-galera', 'MariaDB'],
    ['redis:7', 'Redis'],
    ['redis/redis-stack-server', 'Redis'],
    ['valkey/valkey', 'Redis'],
    ['eqalpha/keydb', 'Redis'],
    ['mongo:7', 'MongoDB'],
    ['mongodb/mongodb-community-server', 'MongoDB'],
    ['mcr.microsoft.com/mssql/server:2022-latest', 'SQL Server'],
    ['docker.elastic.co/elasticsearch/elasticsearch', 'Elasticsearch'],
    ['clickhouse/clickhouse-server', 'ClickHouse'],
  ] as const)('by the name of its image: %s', ([image, product]) => {
    expect(of({ image })).toBe(product)
  })

  test.for([
    'prometheuscommunity/postgres-exporter',
    'dpage/pgadmin4',
    'prodrigestivill/postgres-backup-local',
    'edoburu/pgbouncer',
    'oliver006/redis_exporter',
    'mongo-express',
    'phpmyadmin',
    'postgrest/postgrest',
    'my-redis-app',
    'mysqld-sidecar',
  ])('and what only works with one is not: %s', (image) => {
    expect(of({ image })).toBeUndefined()
  })

  test('by other names of an image that only its id names', () => {
    expect(of({ imageNames: ['<none>:<none>', 'internal/mariadb:11'] })).toBe('MariaDB')
  })

  test('by its command, through scripts and inits', () => {
    expect(of({ image: 'app:1', command: 'docker-entrypoint.sh postgres -c fsync=on' })).toBe('PostgreSQL')
    expect(of({ image: 'app:1', command: '/sbin/tini -- /usr/sbin/mysqld --user=mysql' })).toBe('MySQL')
    expect(of({ image: 'app:1', command: 'node backup.js --target postgres' })).toBeUndefined()
    expect(of({ image: 'app:1', command: 'node server.js' })).toBeUndefined()
  })

  test('by what runs in it, whatever it is called', () => {
    expect(of({ image: 'all-in-one', programs: ['bash', 'nginx', 'postgres', 'postgres'] })).toBe('PostgreSQL')
    expect(of({ image: 'app', programs: ['node'], variables: ['PGDATA'], ports: [5432] })).toBeUndefined()
    expect(of({ image: 'mysql:8', programs: ['mariadbd'] })).toBe('MariaDB')
  })

  test('by variables and ports where nobody knows what runs', () => {
    expect(of({ variables: ['PATH', 'PGDATA'] })).toBe('PostgreSQL')
    expect(of({ variables: ['MYSQL_MAJOR'] })).toBe('MySQL')
    expect(of({ ports: [6379] })).toBe('Redis')
    expect(of({ variables: ['POSTGRES_PASSWORD', 'MYSQL_ROOT_PASSWORD'], ports: [8080] })).toBeUndefined()
  })
})
