export {
  BackendError,
  checkFileName,
  describeFile,
  FileExistsError,
  FileMissingError,
  RangeOutsideFileError,
  type Backend,
  type BackendErrorOptions,
  type FileKind,
  type ReadOptions,
  type StoredFile,
  type WriteOptions,
} from './backend/backend.ts'
export { Bandwidth, type BandwidthLimits } from './backend/bandwidth.ts'
export { fileAt, folderOf } from './backend/layout.ts'
export type { CacheError } from './backend/cache/cache-error.ts'
export { removeOldCaches, type OldCacheOptions } from './backend/cache/old-caches.ts'
export { withCache, type CacheOptions } from './backend/cache.ts'
export type { HttpOptions } from './backend/http/http-options.ts'
export { openLocalBackend, type LocalBackend, type LocalBackendOptions } from './backend/local.ts'
export { MemoryBackend } from './backend/memory.ts'
export type { BackendCall, BackendOperation, RetryEvent, RetryOptions } from './backend/patience.ts'
export type { RcloneOptions } from './backend/rclone.ts'
export { openRcloneBackend, openRestBackend, openS3Backend, openSftpBackend } from './backend/remote.ts'
export type { RestOptions } from './backend/rest.ts'
export { openWithRetry, withRetry } from './backend/retry.ts'
export type { S3Backend } from './backend/s3.ts'
export type { S3Credentials, S3ObjectLock, S3Options } from './backend/s3/options.ts'
export type { SftpBackend, SftpClient, SftpOptions } from './backend/sftp.ts'
export type {
  DirectoryEntry,
  Entry,
  EntryMetadata,
  FileContent,
  FileEntry,
  SpecialEntry,
  SymlinkEntry,
  UnreadableEntry,
} from './entry.ts'
export { DamagedError, InvalidInputError, KnownError, type KnownErrorOptions } from './errors.ts'
export {
  ID_BYTES,
  idFromBytes,
  isId,
  shortId,
  type BlobId,
  type Id,
  type IndexId,
  type KeyId,
  type LockId,
  type PackId,
  type SnapshotId,
  type TreeId,
} from './ids.ts'
export { parseTime } from './json/go-time.ts'
export { backUp, EmptyBackupError } from './operations/backup/backup.ts'
export type {
  BackupEnd,
  BackupItem,
  BackupOptions,
  BackupProgress,
  BackupReport,
  BackupTarget,
  CompressionMode,
  Outcome,
  RepositoryReport,
  UnreadableItem,
} from './operations/backup/report.ts'
export { initRepository, RepositoryExistsError, type InitOptions } from './repository/init.ts'
export { WrongPasswordError } from './repository/keys.ts'
export { LockedError, LockLostError } from './repository/lock-error.ts'
export type { LockFile } from './repository/lock-file.ts'
export type { Lock } from './repository/lock-holding.ts'
export type { LockOrigin } from './repository/lock-origin.ts'
export type { LockMode } from './repository/lock-store.ts'
export type { StaleReason } from './repository/lock-verdict.ts'
export { acquireLock, type LockOptions } from './repository/lock.ts'
export { openRepository, RepositoryMissingError, type OpenOptions } from './repository/open.ts'
export { lockAndLoad } from './repository/open-locked.ts'
export { Repository } from './repository/repository.ts'
export { check } from './operations/check/check.ts'
export type { CheckFinding, FindingKind } from './operations/check/findings.ts'
export type { CheckOptions, CheckProgress, CheckReport } from './operations/check/report.ts'
export type { ReadDataSelection, ReadProof, ReadRound, ReadTimes } from './operations/check/select-packs.ts'
export type { Suggestion } from './operations/check/suggestions.ts'
export type { TouchedSnapshot } from './operations/check/touched-snapshots.ts'
export { copySnapshots } from './operations/copy/copy.ts'
export type { CopyOptions, CopyProgress, CopyReport, SnapshotCopy } from './operations/copy/report.ts'
export { diff, type DiffChange, type DiffOptions, type DiffSide } from './operations/diff/diff.ts'
export type { DiffSideStatistics, DiffStatistics } from './operations/diff/statistics.ts'
export { findEntries, type EntryQuery, type FindOptions, type FoundEntry } from './operations/find/find-entries.ts'
export { findObjects, type FoundObject, type ObjectQuery } from './operations/find/find-objects.ts'
export { addKey, changePassword, listKeys, removeKey, type KeyInfo, type ListKeysOptions } from './operations/keys.ts'
export { formatCalendarDuration, type CalendarDuration } from './operations/forget/calendar-duration.ts'
export { forgetSnapshots, type ForgetOptions, type ForgetReport } from './operations/forget/forget.ts'
export type { ZoneRule } from './operations/forget/moment.ts'
export {
  NothingKeptError,
  planForget,
  type ForgetGroup,
  type ForgetPlan,
  type ForgetPlanOptions,
  type KeptSnapshot,
} from './operations/forget/plan.ts'
export { describePolicy, isEmptyPolicy, type KeepCount, type KeepPolicy } from './operations/forget/policy.ts'
export {
  simulateForget,
  type ForecastPoint,
  type GroupForecast,
  type SimulationOptions,
  type SnapshotFate,
} from './operations/forget/simulate.ts'
export { listTree, type ListTreeOptions } from './operations/list-tree.ts'
export {
  applicableMigrations,
  ConfigLostError,
  MigrationRefusedError,
  MIGRATIONS,
  upgradeToVersion2,
  type MigrationName,
  type UpgradeOptions,
} from './operations/migrate.ts'
export {
  recover,
  type RecoveredTree,
  type RecoverOptions,
  type RecoverProgress,
  type RecoverReport,
} from './operations/recover/recover.ts'
export type { MaxUnused, PruneOptions } from './operations/prune/options.ts'
export { planPrune, type PlanPruneOptions, type PrunePlan } from './operations/prune/plan.ts'
export { prune, type PruneRunOptions } from './operations/prune/prune.ts'
export { PruneRefusedError } from './operations/prune/refusal.ts'
export type {
  PlannedPack,
  PlanProgress,
  PrunePhase,
  PruneProgress,
  PruneReport,
  PruneStatistics,
  RepackedPack,
  RepackReason,
} from './operations/prune/report.ts'
export { stats, type StatsMode, type StatsOptions, type StatsReport } from './operations/stats/stats.ts'
export { tagSnapshots, type TagChange, type TagOptions, type TagReport } from './operations/tag.ts'
export { PathMissingError } from './operations/tree-path.ts'
export { unlock, type UnlockOptions } from './operations/unlock.ts'
export { openTargets, type OpenedTargets, type TargetOptions } from './filesystem/targets.ts'
export { excludeFilter, type ExcludeOptions } from './filter/exclude.ts'
export { targetsFromPatterns, targetsRaw, targetsVerbatim, type FilesFromResult } from './filter/files-from.ts'
export { patternTexts, type PatternSet } from './filter/pattern-set.ts'
export {
  selectForRestore,
  type RestoreSelection,
  type RestoreSelectionOptions,
  type SelectForRestore,
} from './filter/restore-selection.ts'
export type { TagFileWarning } from './filter/tag-file.ts'
export type { TextFile } from './filter/text-file.ts'
export {
  AmbiguousSnapshotError,
  groupSnapshots,
  matchesFilter,
  resolveSnapshot,
  SnapshotNotFoundError,
  type GroupingKey,
  type ResolvedSnapshot,
  type SnapshotFilter,
  type SnapshotGroup,
} from './snapshot/select.ts'
export type { Snapshot, SnapshotSummary, StoredSnapshot } from './snapshot/snapshot.ts'
export type { ExtendedAttribute, Node, NodeType, Tree } from './tree/node.ts'
export type {
  OverwriteMode,
  RestoreItem,
  RestoreOptions,
  RestoreProblem,
  RestoreProgress,
  RestoreReport,
  RestoreWarning,
} from './operations/restore/report.ts'
export { restore } from './operations/restore/restore.ts'
export { TargetError, TargetFullError } from './operations/restore/target.ts'
export { dump, type DumpOptions } from './operations/dump/dump.ts'
export { tarOfEntries, type TarEntry } from './operations/dump/tar-of-entries.ts'
export { rewrite } from './operations/rewrite/rewrite.ts'
export type {
  RewriteOptions,
  RewriteOutcome,
  RewriteProgress,
  RewriteReport,
  RewrittenSnapshot,
} from './operations/rewrite/report.ts'
export type { DamagedPackFile, IndexRepairPlan } from './operations/repair/index-plan.ts'
export { IndexNotReadyError } from './operations/repair/index-not-ready.ts'
export type { EntryRepair } from './operations/repair/node-repair.ts'
export type { SalvagePlan } from './operations/repair/pack-plan.ts'
export {
  repairIndex,
  type RepairIndexOptions,
  type RepairIndexProgress,
  type RepairIndexReport,
} from './operations/repair/repair-index.ts'
export {
  repairPacks,
  type LostBlob,
  type RepairPacksOptions,
  type RepairPacksReport,
} from './operations/repair/repair-packs.ts'
export {
  repairSnapshots,
  type RepairedSnapshot,
  type RepairSnapshotsOptions,
  type RepairSnapshotsProgress,
  type RepairSnapshotsReport,
  type SnapshotEntryRepair,
} from './operations/repair/repair-snapshots.ts'
