/** Chinese, simplified and traditional. */
import words from './zh.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

export const zh: Language = {
  code: 'zh',
  ...wordSetsOf(words),
  personEnding: /(?:[^国]家|者|诗人|皇帝|国王|总统|将军|演员|歌手|人)$/u,
  definitions: [
    {
      pattern:
        /^(?<term>[^是，。,“”]{2,16}?)(?<!不|就|还|但|可|于|只|都|也|总|而|其|特别|如果|算|正|既|或|便|又|倒|像)是(?!否|不|因|为|由|在|从|谁|什么|怎|如|指|非)(?<meaning>(?:一种|一個|一个|一门|一类|一位|一座|一项|一部|指|用来|用于|由)?[^“”]{1,150}?[^的吗呢吧啊])$/u,
      ask: (term) => `什么是${term}？`,
      askWho: (term) => `${term}是谁？`,
    },
    { pattern: /^(?<term>[^，。,“”]{2,16}?)是?指的?(?:是)?(?<meaning>[^“”]{6,150}[^的吗呢])$/u, ask: (term) => `什么是${term}？` },
  ],
};
