import type { DataSetName } from '../data/data-set.ts'
import type { RepositorySize, Verb } from '../samples.ts'

/** All words of the tables, per language of a page. */
export interface Words {
  work: Readonly<Record<string, string>>
  dataSet: Readonly<Record<DataSetName, string>>
  afterPrune: (dataSet: string) => string
  headings: { work: string; ratio: string; bar: string; measured: string; verdict: string; repository: string }
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
} as const

/** What begins the name of a work or of a bar; the data set follows. */
type Verbs = Readonly<Record<Verb | `size after ${RepositorySize['after']}` | 'peak memory', string>>

const verbsEnglish = {
  backup: 'first backup',
  unchanged: 'nothing changed',
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
  'peak memory': 'peak memory',
} as const satisfies Verbs

const verbsJapanese = {
  backup: '初回バックアップ',
  unchanged: '変更なし',
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
  afterPrune: (dataSet) => `${dataSet}, after prune`,
  headings: {
    work: 'work',
    ratio: 'restic ÷ hikae',
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
  afterPrune: (dataSet) => `${dataSet}・prune 後`,
  headings: {
    work: '作業',
    ratio: 'restic ÷ hikae',
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
      .replace(/≤ (\S+)× the size of restic's/, 'restic の $1 倍以下')
      .replace(/≤ (\S+)× the time of one repository/, '1つの場合の $1 倍以下の時間'),
}
