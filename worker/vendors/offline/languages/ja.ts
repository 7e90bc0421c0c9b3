/** Japanese. */
import words from './ja.json' with { type: 'json' };
import { type Language, set, wordSetsOf } from './language.ts';

export const ja: Language = {
  code: 'ja',
  ...wordSetsOf(words),
  personEnding: /(?:[^国]家|者|人|皇帝|天皇|王|将軍|武将|大名|首相|大統領|監督|選手|詩人|俳優|歌手)$/u,
  definitions: [
    {
      pattern:
        /^(?<term>[^は、。「」]{1,30}?)(?:とは、?|は、?)(?<meaning>[^「」]{1,200}?[^のかいはがをにでとなく])(?:のことである|のことです|のことをいう|である|です|だ|を指す|をいう)$/u,
      ask: (term) => `${term}とは何ですか？`,
      askWho: (term) => `${term}とは誰ですか？`,
    },
  ],
};

/** Words before です that describe and name nothing. */
export const describing = set(
  '有名 大切 必要 重要 可能 不可能 便利 不便 簡単 元気 好き 嫌い 上手 下手 静か 親切 大変 特別 自由 安全 危険 複雑 豊富 急 同じ きれい 綺麗 大事 無理 様々 ほとんど 普通 人気 から ため よう そう はず つもり わけ もの',
);
