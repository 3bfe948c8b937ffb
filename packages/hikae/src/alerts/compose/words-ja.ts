import type { BadCondition } from '../event.ts'
import type { Words, Work } from './words.ts'

const BAD: Readonly<Record<BadCondition, string>> = {
  failed: '失敗',
  incomplete: '一部失敗',
  overdue: '期限超過',
}

const WORK: Readonly<Record<Work, string>> = {
  backup: 'バックアップ',
  check: '検査',
  prune: '不要データの削除',
}

export const japanese: Words = {
  work: (kind, names) => `${spaced(names)}の${WORK[kind]}`,
  subject: {
    run(work, outcome) {
      if (outcome === 'succeeded') return `${work}が完了しました`
      return outcome === 'failed' ? `${work}に失敗しました` : `${work}が一部失敗しました`
    },
    damage: (names) => `リポジトリ ${names.join('、')} に破損が見つかりました`,
    overdue: (work) => `${work}が期限を過ぎています`,
    reminder: (work, condition) => `【再通知】${work}は${BAD[condition]}の状態が続いています`,
    recovery: (work) => `${work}が復旧しました`,
    digest: () => 'バックアップ定期レポート',
    test: () => '通知のテスト',
  },
  lead: {
    run(outcome, bad, all) {
      if (outcome === 'succeeded') return `ソース ${all} 件をすべて保存しました。`
      if (bad === 0) return 'バックアップの前後の処理で問題が発生しました。'
      return `ソース ${all} 件のうち ${bad} 件を完全にはバックアップできませんでした。`
    },
    damage: () =>
      '保存されているデータの一部を完全には復元できません。修復が済むまで、ほかのコピーを削除しないでください。',
    maintenance: (bad, all) =>
      bad === 0
        ? `リポジトリ ${all} 件で完了しました。`
        : `リポジトリ ${all} 件のうち ${bad} 件で完全には実行できませんでした。`,
    overdue: (items) =>
      items === 1
        ? '最後に成功したバックアップが、目標 (RPO) より古くなっています。'
        : `${items} 件について、最後に成功したバックアップが目標 (RPO) より古くなっています。`,
    reminder: (condition, lasted) => `${BAD[condition]}の状態が${lasted}続いています。`,
    recovery: () => '以前にお知らせした問題は解消しました。',
    notAll: () => 'ただし、ジョブのほかの部分の問題はまだ続いています。',
    unstable: () => '成功と失敗を繰り返しています。しばらく安定するまで、再通知のみをお送りします。',
    digest: ({ succeeded, incomplete, failed }) =>
      `実行 ${succeeded + incomplete + failed} 回: 成功 ${succeeded}、一部失敗 ${incomplete}、失敗 ${failed}。`,
    test: () =>
      'Hikae からのテスト通知です。このメッセージが届いていれば、通知は正しく設定されています。問題は発生していません。',
  },
  item: {
    outcome: (outcome) => ({ succeeded: '正常', incomplete: '一部失敗', failed: '失敗' })[outcome],
    runItself: () => '実行全体',
    repositories: () => 'リポジトリ',
    overdue: (lastGood, rpo) =>
      `${lastGood === null ? '成功したバックアップがありません' : `最後の成功は${lastGood}`}、目標は${rpo}以内`,
    lasting: (condition, since, lasted) => `${since} から${lasted}、${BAD[condition]}が続いています`,
    over: (condition, lasted) => `${BAD[condition]}の状態が${lasted}続きました`,
    newest: (lastGood, rpo) =>
      `${lastGood === null ? '成功したバックアップがありません' : `最後の成功は${lastGood}`}${rpo === undefined ? '' : `、目標は${rpo}以内`}`,
    size: (size) => `、${size}`,
    andMore: (more) => `(ほか ${more} 件)`,
  },
  label: {
    job: 'ジョブ',
    run: '実行 ID',
    host: 'ホスト',
    stack: 'スタック',
    started: '開始',
    took: '所要時間',
    period: '期間',
    stored: '保存量',
  },
  names: (first, others) => (others === 0 ? first : `${first} ほか ${others} 件`),
  within: (name, job) => `${name} (ジョブ ${job})`,
  seeLog: (command) => `${command} で詳細を確認してください`,
  seeStatus: (command, backup) => `${command} で状況を確認し、すぐにバックアップするには ${backup} を実行してください`,
  ago: (duration) => `${duration}前`,
  next: (step) => `対処: ${step}`,
  sentences: (parts) => parts.join(''),
  more: (left) => `… ほか ${left} 件`,
}

/** A space between a name in Latin letters and the sentence, as is usual; none after Japanese. */
function spaced(name: string): string {
  return /[\p{Script=Latin}\d\p{P}]$/u.test(name) ? `${name} ` : name
}
