/** Portuguese. */
import { type Language, set } from './language.ts';

const what = (term: string, verb: string) => `O que ${verb} ${term}?`;
const who = (term: string, verb: string) => `Quem ${verb} ${term}?`;

export const pt: Language = {
  code: 'pt',
  starters: set(
    `ele ela eles elas isto isso aquilo este esta esse essa estes estas esses essas aquele aquela seu sua seus suas em no na nos nas com sem por
     para porque embora se quando enquanto desde depois antes como mas e ou assim hoje ontem amanhã agora cada todo toda todos todas alguns
     algumas muitos muitas não também segundo durante que quem qual onde um dos uma das então além finalmente aqui ali lá ao à de do da sobre
     após outro outra outros outras há`,
  ),
  pronouns: set('ele ela eles elas isto isso aquilo este esta esse essa estes estas esses essas ali lá aqui também hoje ontem amanhã'),
  persons: set(
    'eu me meu minha meus minhas mim nós nosso nossa nossos você vocês te teu tua vosso olá oi obrigado obrigada ok sim kkk tchau',
  ),
  articles: set('o a os as um uma'),
  joints: set(
    `é são era eram foi foram ser está estão tem têm muito mais menos entre até em no na nos nas com sem por pelo pela para de do da dos das a ao à
     aos às e ou mas que quem qual onde como o os as um uma uns umas se não cerca desde durante após sobre pode podem deve`,
  ),
  vague: set(
    'problema resultado razão pergunta coisa ponto resposta ideia objetivo dia exemplo tempo comida preço nome plano resto verdade fato diferença tarefa solução vantagem desvantagem homem mulher casa menino menina história curso professor segredo',
  ),
  admin: set('exame tarefa aula seminário semestre'),
  people: set(
    `botânico zoólogo anatomista geógrafo arqueólogo jornalista cirurgião psicólogo astronauta matemático matemática físico física químico química biólogo bióloga cientista filósofo filósofa escritor escritora autor autora poeta pintor
     pintora artista compositor compositora músico cantor cantora rei rainha imperador imperatriz presidente presidenta político general explorador
     inventor engenheiro médico médica astrônomo economista historiador arquiteto escultor dramaturgo romancista navegador santo santa papa líder`,
  ),
  empty: /^(?:um pouco|um problema|um exemplo|uma boa|um bom|o mesmo|a mesma|o único|a única|a razão|o problema|um dos|uma das)(?: |$)/i,
  definitions: [
    { pattern: /^(?<term>.{2,80}?),? (?<verb>é|são) (?<meaning>(?:um|uma|o|a|os|as) .{3,})$/i, ask: what, askWho: who },
    { pattern: /^(?<term>.{2,60}?) (?<verb>são) (?<meaning>[\p{L}-]+(?: [\p{L}-]+){0,3} que .{3,})$/iu, ask: what },
    {
      pattern: /^(?<term>.{2,80}?) (?<verb>era|eram|foi|foram) (?<meaning>(?:um|uma|o|a|os|as) .{3,})$/i,
      ask: what,
      askWho: who,
      past: true,
    },
  ],
  relation:
    /^(.{3,90}? (?:é compost[oa] por|são compost[oa]s por|contém|contêm|produz|produzem|armazena|armazenam|fica em|ficam em|localiza-se em|chama-se|descobriu|inventou|escreveu|pintou|fundou) (?:o |a |os |as |um |uma )?)(\S.*)$/i,
};
