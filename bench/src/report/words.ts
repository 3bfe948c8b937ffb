import type { DataSetName } from '../data/data-set.ts'
import type { SectionName } from '../data/sections.ts'
import type { RepositorySize, Verb } from '../samples.ts'
import type { VolumeWayName } from '../volumes/volume-way.ts'

/** All words of the tables, per language of a page. */
export interface Words {
  work: Readonly<Record<string, string>>
  dataSet: Readonly<Record<DataSetName, string>>
  /** Who is measured with volumes; hikae's own name comes with its version. */
  volumeWay: Readonly<Record<Exclude<VolumeWayName, 'hikae'>, string>>
  /** In the table of sizes. */
  stored: Readonly<Record<RepositorySize['after'], (dataSet: string) => string>>
  /** Heads the column of ratios. */
  ratio: Readonly<Record<SectionName, string>>
  headings: { work: string; bar: string; measured: string; verdict: string; repository: string }
  titles: { time: string; memory: string; size: string; bars: string; data: string }
  verdict: { met: string; missed: string; notMeasured: string }
  data: { files: string; megabytes: string; name: string }
  machine: (facts: { processor: string; cores: number; memory: number; system: string; date: string }) => string
  run: (facts: { rounds: number; scale: number; versions: string }) => string
  promise: (english: string) => string
}

const dataSetsEnglish = {
  mixed: 'mixed tree',
  big: 'one big file',
  small: 'many small files',
  million: 'a million files',
  sparse: 'sparse file',
  blobs: 'two million blobs',
  s3: 'over S3, 20 ms away',
  sftp: 'over SFTP',
  rest: 'over REST',
  volume: 'Docker volume',
} as const

const dataSetsJapanese = {
  mixed: '混在ツリー',
  big: '大きな1ファイル',
  small: '多数の小ファイル',
  million: '100万ファイル',
  sparse: 'スパースファイル',
  blobs: '200万ブロブ',
  s3: 'S3 経由（往復 20 ms）',
  sftp: 'SFTP 経由',
  rest: 'REST 経由',
  volume: 'Docker ボリューム',
} as const

/** What begins the name of a work or of a bar; the data set follows. */
type Verbs = Readonly<Record<Verb | `size after ${RepositorySize['after']}` | 'peak memory', string>>

const verbsEnglish = {
  backup: 'first backup',
  unchanged: 'nothing changed',
  'next-day': 'next day, 1 % changed',
  restore: 'restore',
  check: 'check all data',
  both: 'two repositories in one run',
  version: 'print the version',
  snapshots: 'list snapshots',
  stats: 'stats',
  find: 'find a file by name',
  structure: 'check without reading data',
  copy: 'copy to a new repository',
  forget: 'forget',
  prune: 'prune',
  'size after backup': 'repository size',
  'size after prune': 'repository size after prune',
  'size after week': 'stored after seven days',
  'peak memory': 'peak memory',
} as const satisfies Verbs

const verbsJapanese = {
  backup: '初回バックアップ',
  unchanged: '変更なし',
  'next-day': '翌日（1 % 変更）',
  restore: '復元',
  check: '全データ検査',
  both: '1回の実行で2つのリポジトリ',
  version: 'バージョン表示',
  snapshots: 'スナップショット一覧',
  stats: '統計',
  find: '名前での検索',
  structure: 'データを読まない検査',
  copy: '新しいリポジトリへのコピー',
  forget: 'forget',
  prune: 'prune',
  'size after backup': 'リポジトリの大きさ',
  'size after prune': 'prune 後のリポジトリの大きさ',
  'size after week': '7日分の大きさ',
  'peak memory': '最大メモリ',
} as const satisfies Verbs

/** `backup mixed` and the like, for every verb and every data set. */
function workLabels(
  verbs: Verbs,
  dataSets: Readonly<Record<string, string>>,
  separator: string,
): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [verb, verbLabel] of Object.entries(verbs)) {
    for (const [name, label] of Object.entries(dataSets)) labels[`${verb} ${name}`] = `${verbLabel}${separator}${label}`
  }
  return labels
}

export const english: Words = {
  work: {
    ...workLabels(verbsEnglish, dataSetsEnglish, ', '),
    'version mixed': verbsEnglish.version,
    'peak memory usual': 'peak memory of all work',
    'peak memory remote': 'peak memory of all work on servers',
  },
  dataSet: dataSetsEnglish,
  volumeWay: {
    'hikae-archive': 'hikae, through the engine',
    'helper-pgzip': 'helper: as offen does',
    'helper-gzip': 'helper: tar, gzip',
    'helper-pigz': 'helper: tar, pigz',
    'run-tar': 'docker run: tar',
    'run-gzip': 'docker run: tar, gzip',
  },
  stored: {
    backup: (dataSet) => dataSet,
    prune: (dataSet) => `${dataSet}, after prune`,
    week: (dataSet) => `${dataSet}, all of seven days`,
  },
  ratio: {
    usual: 'restic ÷ hikae',
    huge: 'restic ÷ hikae',
    remote: 'restic ÷ hikae',
    volume: 'helper: as offen does ÷ hikae',
  },
  headings: {
    work: 'work',
    bar: 'bar',
    measured: 'measured',
    verdict: '',
    repository: 'repository of',
  },
  titles: {
    time: 'Time (s, median)',
    memory: 'Peak memory (MB)',
    size: 'Repository size (MB)',
    bars: 'The bars',
    data: 'The data',
  },
  verdict: { met: 'met', missed: 'missed', notMeasured: 'not measured' },
  data: { files: 'files', megabytes: 'MB', name: 'data set' },
  machine: ({ processor, cores, memory, system, date }) =>
    `Measured on ${date}: ${processor}, ${cores} cores, ${memory} GB of memory, ${system}.`,
  run: ({ rounds, scale, versions }) =>
    `${versions}; rounds: ${rounds}.${scale === 1 ? '' : ` The data is at scale ${scale}; the bars speak of scale 1.`}`,
  promise: (text) => text,
}

export const japanese: Words = {
  work: {
    ...workLabels(verbsJapanese, dataSetsJapanese, '・'),
    'version mixed': verbsJapanese.version,
    'peak memory usual': '全作業の最大メモリ',
    'peak memory remote': 'サーバー経由の全作業の最大メモリ',
  },
  dataSet: dataSetsJapanese,
  volumeWay: {
    'hikae-archive': 'hikae（エンジン経由）',
    'helper-pgzip': '補助コンテナ：offen と同じ',
    'helper-gzip': '補助コンテナ：tar、gzip',
    'helper-pigz': '補助コンテナ：tar、pigz',
    'run-tar': 'docker run：tar',
    'run-gzip': 'docker run：tar、gzip',
  },
  stored: {
    backup: (dataSet) => dataSet,
    prune: (dataSet) => `${dataSet}・prune 後`,
    week: (dataSet) => `${dataSet}・7日分の合計`,
  },
  ratio: {
    usual: 'restic ÷ hikae',
    huge: 'restic ÷ hikae',
    remote: 'restic ÷ hikae',
    volume: '補助コンテナ（offen） ÷ hikae',
  },
  headings: {
    work: '作業',
    bar: '目標',
    measured: '測定値',
    verdict: '',
    repository: 'リポジトリの内容',
  },
  titles: {
    time: '所要時間（秒、中央値）',
    memory: '最大メモリ（MB）',
    size: 'リポジトリの大きさ（MB）',
    bars: '目標と結果',
    data: '測定データ',
  },
  verdict: { met: '達成', missed: '未達', notMeasured: '未測定' },
  data: { files: 'ファイル数', megabytes: 'MB', name: 'データ' },
  machine: ({ processor, cores, memory, system, date }) =>
    `${date} 測定。${processor}、${cores} コア、メモリ ${memory} GB、${system}。`,
  run: ({ rounds, scale, versions }) =>
    `${versions}。${rounds} 回測定。${scale === 1 ? '' : `データの縮尺は ${scale}（目標は縮尺 1 のもの）。`}`,
  promise: (text) =>
    text
      .replace(/≥ (\S+)× as fast as restic/, 'restic の $1 倍以上の速さ')
      .replace(
        /≥ (\S+)× as fast as a helper container with tar and gzip/,
        '補助コンテナの tar と gzip の $1 倍以上の速さ',
      )
      .replace(/≥ (\S+)× as fast as offen's way/, 'offen の方法の $1 倍以上の速さ')
      .replace(/≥ (\S+)× as fast as docker run and gzip/, 'docker run と gzip の $1 倍以上の速さ')
      .replace(/≤ (\S+)× the size of restic's/, 'restic の $1 倍以下')
      .replace(/≤ (\S+)× the time of one repository/, '1つの場合の $1 倍以下の時間'),
}
