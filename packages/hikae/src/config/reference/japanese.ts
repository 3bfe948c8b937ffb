import type { ReferenceLanguage } from './language.ts'

const introduction = `
# スタックファイル

<!-- script/generate-reference.ts が packages/hikae/src/config のスキーマから作成。説明文の訳は docs/ja/reference/descriptions.json。 -->

\`hikae.yaml\` には、何を、どこへ、どのようにバックアップするかを書きます。まず現在のフォルダー、次に \`/etc/hikae\` から探します。
\`--config FILE\` または \`HIKAE_CONFIG\` で別のファイルを指定できます。

\`\`\`
hikae config check     誤りをすべて、ファイル名・行・桁とともに表示する
hikae config show      読み込みと変数を反映した、有効な設定を表示する（シークレットは表示しない）
hikae config schema    エディター用の JSON Schema を出力する
\`\`\`

## エディターで使う

yaml-language-server を使うエディターでは、最初の行でスキーマを指定すると、キーの補完と説明の表示ができます。

\`\`\`yaml
# yaml-language-server: $schema=hikae.schema.json
version: 1
\`\`\`

このファイルは \`hikae config schema > hikae.schema.json\` で作ります。Hikae を更新したら作り直してください。

## 複数のファイルに分ける

\`include\` には、ほかのファイルのパスまたはパターンを書きます。どちらも、それを書いたファイルのあるフォルダーが起点です。パターンに
一致したファイルは名前順に、どのファイルも1回だけ読み込みます。読み込まれるファイルにはすべてのキーを書けます。\`version\` は省略できます。
名前の付いた項目は1つにまとめ、リストは後ろにつなぎます。同じことを2回書く場合は、内容が同じでなければなりません。2つのファイルが同じ名前を
使うとエラーになります。そのほかの相対パスは、どのファイルに書いても、スタックファイルのあるフォルダーが起点です。

## 変数

値の中の \`\${NAME}\` は環境変数の値に置き換わります。\`\${NAME:-default}\` は、変数が未設定または空のときの値を指定します。\`$$\` はドル記号です。
既定値のない変数が未設定の場合はエラーになります。この方法でシークレットを値に入れないでください。[シークレット](#シークレット)には
専用の書き方があります。
`

export const japanese: ReferenceLanguage = {
  introduction,
  headings: {
    key: 'キー',
    type: '型',
    default: '既定値',
    meaning: '説明',
    topLevel: 'ファイル全体',
    secrets: 'シークレット',
  },
  required: '必須',
  space: '',
  oneOf: (keys) => `${keys.join('、')} のうち、ちょうど1つを書きます。`,
  example: (example) => `例：${example}`,
  see: (link) => `（${link}）`,
  types: {
    or: 'または',
    text: '文字列',
    url: 'URL',
    number: '数値',
    wholeNumber: '整数',
    map: 'マップ',
    names: '名前ごとのマップ',
    secret: '[シークレット](#シークレット)',
    anything: '任意の値',
    listOf: (items) => `${items}のリスト`,
  },
}
