/** What the offline generator knows of languages: how they define, and which words tell nothing. */

/** How a language says that something is something, and how it asks for it. */
export type Definition = {
  /** Term, verb and meaning. The article in the meaning keeps mere statements out. */
  defines: RegExp;
  ask: (term: string, verb: string) => string;
  /** Words that can't begin a term: they point, join or place, and name nothing. */
  noTerm: ReadonlySet<string>;
  /** Words that are no term alone, but may be the article of one. */
  noTermAlone: ReadonlySet<string>;
};

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

export const definitions: Definition[] = [
  {
    defines: /^(.{2,80}?) (is|are|was|were) ((?:an?|the) .{3,})$/i,
    ask: (term, verb) => `What ${verb} ${term}?`,
    noTerm: set(
      'it this that these those he she they there we you i here what which who one his her its their my your our in on at by for from with without of to because although though if when while since after before until as but and or so then than today yesterday tomorrow now every each some many most few all no not also however therefore thus both either neither only just even according during despite unlike like such another other remember note why how where',
    ),
    noTermAlone: set('the a an'),
  },
  {
    defines: /^(.{2,80}?) (es|son|era|fue) ((?:un|una|el|la|los|las) .{3,})$/i,
    ask: (term, verb) => `¿Qué ${verb} ${term}?`,
    noTerm: set(
      'esto eso aquello este esta ese esa estos estas él ella ello ellos ellas su sus mi mis tu en con por para porque aunque si cuando mientras desde después antes como pero y o así hoy ayer mañana ahora cada todo toda todos todas algunos muchos muchas no también según durante que quien cual donde uno lo nuestro nuestra',
    ),
    noTermAlone: set('el la los las un una'),
  },
  {
    defines: /^(.{2,80}?) (ist|sind|war|waren) ((?:ein|eine|einer|der|die|das) .{3,})$/i,
    ask: (term, verb) => `Was ${verb} ${term}?`,
    noTerm: set(
      'es er sie wir ihr ich du dies dieser diese dieses jener jene was wer wo hier dort in im am an auf mit ohne von vom zu zum zur bei für durch weil obwohl wenn als nach vor seit bis aber und oder heute gestern morgen jetzt sein seine ihre mein meine unser jeder jede jedes alle viele einige kein keine nicht auch laut während eines so dann man',
    ),
    noTermAlone: set('der die das ein eine den dem'),
  },
  {
    defines: /^(.{2,80}?) (est|sont|était|étaient) ((?:un |une |le |la |les |l['’]).{3,})$/i,
    ask: (term) => `${term} : qu'est-ce que c'est ?`,
    noTerm: set(
      "il elle ils elles ce cela ceci ça on nous vous je tu son sa ses leur leurs mon ma mes notre dans en avec sans par pour de à au aux sur sous chez parce bien si quand comme mais et ou donc car aujourd'hui hier demain maintenant chaque tout toute tous toutes quelques plusieurs aucun aussi selon pendant qui que quoi où",
    ),
    noTermAlone: set('le la les un une des'),
  },
  {
    defines: /^(.{2,80}?) (é|são|era|foi) ((?:um|uma|o|a|os|as) .{3,})$/i,
    ask: (term, verb) => `O que ${verb} ${term}?`,
    noTerm: set(
      'ele ela eles elas isto isso aquilo este esta esse essa seu sua seus suas meu minha em no na com sem por para porque embora se quando enquanto desde depois antes como mas e ou assim hoje ontem amanhã agora cada todo toda todos alguns muitos não também segundo durante que quem qual onde',
    ),
    noTermAlone: set('o a os as um uma'),
  },
  {
    defines: /^(.{2,80}?) (è|sono|era|erano) ((?:un |una |uno |il |la |lo |i |le |gli |l['’]|un['’]).{3,})$/i,
    ask: (term) => `${term}: che cos'è?`,
    noTerm: set(
      'egli lui lei loro esso essa questo questa quello quella questi suo sua suoi mio mia in nel nella con senza per perché anche se quando mentre da dal dopo prima come ma e o così oggi ieri domani ora ogni tutto tutta tutti alcuni molti non secondo durante che chi quale dove ci',
    ),
    noTermAlone: set('il lo la i gli le un una uno'),
  },
];

/** Words whose gap nobody could fill, or would learn from: a language's joints. */
export const tellNothing: ReadonlySet<string> = new Set([
  ...definitions.flatMap(({ noTerm }) => [...noTerm]),
  ...definitions.flatMap(({ noTermAlone }) => [...noTermAlone]),
  ...set(
    'is are was were be been being has have had do does did can could will would shall should may might must about above across against along among around between beyond into onto over through toward towards under upon within very much more less often usually generally called known made using used',
  ),
  ...set('sein wird werden wurde wurden haben hat hatte kann können muss soll sehr mehr über unter zwischen gegen durch'),
  ...set(
    'ser está están hay tiene muy más menos entre sobre hacia hasta sont être avoir fait très plus moins entre vers jusque estão tem muito mais até essere stato stata hanno molto più meno tra fra verso fino',
  ),
  ...set(
    'です ます でした ました だ である する した して いる ある なる この その あの これ それ という 是 的 了 在 和 有 เป็น คือ ที่ และ ของ ใน',
  ),
]);

/** A point after these ends no sentence. */
export const abbreviation =
  /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|Sr|Sra|No|Nr|Fig|vol|pp?|vs|ca|approx|bzw|usw|etc|cf|e\.g|i\.e|p\.ej|z\.B|d\.h|\p{Lu}|(?:am|im|der|den|dem|des|zum|vom|bis|seit|ab) \d{1,2})\.\s*$/iu;

/** What stands before a colon and is no term: labels, and who speaks. */
export const label =
  /^(?:\p{Script=Latin}|note|notes?|source|chapter \S+|section \S+|unit \S+|lesson \S+|tel|fax|e-?mail|fig(?:ure)?\.? ?\d*|table \d*|page \d*|homework|todo|url|https?|remember|example|hint|tip|warning|date|name|teacher|hinweis|quelle|kapitel \S+|beispiel|nota|fuente|ejemplo|remarque|exemple|attention|question|answer|frage|antwort)$/iu;

/** How a question and its answer are marked, with their numbers. */
export const asks = /^(?:Q|Question|F|Frage|P|Pregunta|Pergunta|D|Domanda|问|問)\s*\d*\s*[:.：)]\s*(.+)$/iu;
export const answers = /^(?:A|Answer|Antwort|R|Respuesta|Resposta|Réponse|Risposta|答)\s*\d*\s*[:.：)]\s*(.+)$/iu;
