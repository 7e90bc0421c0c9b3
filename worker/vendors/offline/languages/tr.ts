/** Turkish. */
import { type Language, set } from './language.ts';

export const tr: Language = {
  code: 'tr',
  starters: set(
    'bu şu o bunlar şunlar onlar burada orada bugün dün yarın şimdi ama fakat ve veya ya çünkü eğer her bazı birçok çok sonra önce daha ayrıca böylece örneğin kim ne nerede neden nasıl ilk son ancak bu yüzden onun bunun',
  ),
  pronouns: set('bu şu o bunlar onlar burada orada bunun onun ayrıca böyle bugün dün yarın'),
  persons: set(
    'ben beni bana benim biz bizi bize bizim sen seni sana senin siz sizi size sizin merhaba teşekkürler lütfen evet hayır tamam selam',
  ),
  articles: set(''),
  joints: set('ve veya ile için gibi kadar daha en çok bir bu şu o de da ki mi değil olan olarak'),
  vague: set('sorun sonuç neden soru cevap amaç hava yemek fiyat isim plan adam kadın ev öğretmen ders'),
  admin: set('sınav ödev teslim derslik randevu'),
  people: set('matematikçisidir fizikçisidir bilim insanıdır yazarıdır şairidir ressamıdır'),
  definitions: [
    {
      pattern: /^(?<term>[^,:]{2,60}?), (?<meaning>[^:]{4,200}?[ıiuü])(?<!m[ıiuü]ş)d[ıiuü]r$/iu,
      ask: (term) => `${term} nedir?`,
    },
    {
      pattern: /^(?<term>[^,:]{2,60}?), (?<meaning>[^:]*\bbir [^:,]{2,60}?)[dt][ıiuü]r$/iu,
      ask: (term) => `${term} nedir?`,
    },
  ],
};
