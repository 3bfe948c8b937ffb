export { bankTrouble, readBank, seedBank, startTransfers, type Transfers } from './bank/bank.ts'
export type { BankPlace, BankServer, BankState, RedisBankServer, SqlBankServer } from './bank/bank-server.ts'
export { describeBackend, type ContractSubject } from './backend-contract.ts'
export {
  makeCheapRepository,
  OTHER_POLYNOMIAL,
  TEST_POLYNOMIAL,
  type CheapRepositoryOptions,
} from './cheap-repository.ts'
export { makeCertificates, type Certificate, type Certificates } from './certificates.ts'
export { collect } from './collect.ts'
export { compareTrees, type CompareOptions, type TreeDifference } from './compare-trees.ts'
export { answers, startDaemon, type Daemon, type DaemonOptions } from './daemon.ts'
export { COMPOSE, compose, whyNoCompose } from './docker-compose.ts'
export type { DatabaseServer } from './database-process.ts'
export {
  redisInContainer,
  sqlInContainer,
  startDatabaseContainer,
  type DatabaseContainerOptions,
  type RedisContainer,
  type SqlContainer,
} from './docker/database-container.ts'
export { whyNoDatabaseImage, type DatabaseImage } from './docker/database-images.ts'
export { addProgramImage, type ProgramImage } from './docker/program-image.ts'
export { BASE_IMAGE, startDocker, whyNoDocker, type TestDocker, type TestDockerOptions } from './docker-engine.ts'
export {
  faultAt,
  FaultyBackend,
  firstFault,
  withFaults,
  type CallMatch,
  type Fault,
  type FaultPlan,
  type RecordedCall,
} from './faulty-backend.ts'
export { FakeClock } from './fake-clock.ts'
export { findFreePorts } from './free-ports.ts'
export { startGitServer, type GitServer, type GitServerOptions } from './git-server.ts'
export { HOSTILE_NAMES } from './hostile-names.ts'
export { makeHostileTree, type HostileTreeOptions } from './hostile-tree.ts'
export {
  requestFault,
  startHttpProxy,
  type HttpFault,
  type HttpFaultPlan,
  type HttpProxy,
  type HttpProxyOptions,
  type ProxiedRequest,
  type RequestMatch,
} from './http-proxy.ts'
export { startHttpServer, type TestHttpServer } from './http-server.ts'
export { killable, recordedChanges, type KillOrder } from './killable.ts'
export { startRadosgw, whyNoRadosgw, type Radosgw, type RadosgwOptions } from './radosgw.ts'
export { startMariadb, whyNoMariadb, type MysqlOptions, type MysqlServer } from './mariadb.ts'
export { makeLoopDisk, whyNoLoopDisk, type LoopDisk, type LoopDiskOptions } from './loop-disk.ts'
export { startMysql, whyNoMysql } from './mysql.ts'
export { startMiniflareR2, whyNoMiniflareR2 } from './miniflare-r2.ts'
export { startPostgres, whyNoPostgres, type Postgres, type PostgresOptions } from './postgres.ts'
export { bytesOf, byteStream, makeRandom, randomBytesOf, type ByteKind, type Random } from './random.ts'
export { NO_RCLONE_CONFIG, startRcloneRest, type RcloneRest, type RcloneRestOptions } from './rclone-server.ts'
export { startRedis, whyNoRedis, type Redis, type RedisCommandOptions, type RedisOptions } from './redis.ts'
export { startRestServer, type RestFault, type RestServer, type RestServerOptions } from './rest-server.ts'
export { findProgram, isExecutable, isRoot, missingPrograms, skipBecause } from './requirements.ts'
export {
  availableRestics,
  findRestic,
  Restic,
  type ResticBinary,
  type ResticOptions,
  type ResticSnapshot,
} from './restic.ts'
export {
  runOk,
  runProcess,
  startProcess,
  type ProcessOptions,
  type ProcessResult,
  type RunningProcess,
} from './run-process.ts'
export { countVersions, s3Client, type S3Credentials, type S3Server } from './s3-server.ts'
export {
  startSftpServer,
  whyNoSftpServer,
  type HostKeyKind,
  type SftpServer,
  type SftpServerOptions,
} from './sftp-server.ts'
export { makeSmallDisk, whyNoSmallDisk, type SmallDisk } from './small-disk.ts'
export {
  startSmtpServer,
  type ReceivedMail,
  type SmtpFault,
  type SmtpServerOptions,
  type SmtpStep,
  type SmtpTestServer,
} from './smtp-server.ts'
export { startSwift, whyNoSwift } from './swift.ts'
export { mountSquashed, type SquashedMount, whyNoSquashedMount } from './squashed-mount.ts'
export {
  isChange,
  watchSystemCalls,
  type SystemCall,
  type SystemCallWatch,
  type SystemFault,
  type SystemFaultPlan,
} from './system-calls.ts'
export { startTcpProxy, type TcpFaults, type TcpProxy, type TcpProxyOptions } from './tcp-proxy.ts'
export { makeTempDir, type TempDir } from './temp-dir.ts'
export { readTreeFacts, type EntryFacts } from './tree-facts.ts'
export {
  startWebhookServer,
  type WebhookAnswer,
  type WebhookReply,
  type WebhookRequest,
  type WebhookServer,
} from './webhook-server.ts'
