/** What must and what must not come out of each text of the corpus. A card is written "front | back". */

/** `must`: these cards, word by word. `mustNot`: no card that fits one of these. `atMost`: so many cards, where few are right. */
export type Expectation = { must: readonly string[]; mustNot: readonly RegExp[]; atMost?: number };

/** By the name of the text's file. */
export const expectations: Readonly<Record<string, Expectation>> = {
  'chat-students': { must: [], mustNot: [/./] },
  'chat-whatsapp': { must: [], mustNot: [/./] },
  'code-python': {
    must: ['What is a tuple? | an ordered collection that cannot be changed', 'Guido van Rossum released Python in ____. | 1991'],
    mustNot: [/^(?:x|numbers|n|self)\b/, /import|return width|class Dog/],
  },
  'dialogue-cafe': { must: ['der Kellner | waiter', 'der Kuchen | cake'], mustNot: [/^(?:Maria|Paul|Kellner|Dialog)/, /7,50|Zucker/] },
  'formulas-chemistry': {
    must: ['H2SO4 | Schwefelsäure', 'Was ist eine Säure? | ein Stoff, der Protonen abgibt'],
    mustNot: [/^(?:pH|n|HCl \+ NaOH) \|/, /log/],
  },
  'glossary-portugues': {
    must: ['Oferta | quantidade de um bem que os produtores querem vender', 'O Banco de Portugal foi fundado em ____. | 1846'],
    mustNot: [/Trabalho de casa/, /página/, /^O que é Ele/],
  },
  'history-timeline': {
    must: ['1961 | Berlin Wall is built', 'NATO was founded in ____. | 1949'],
    mustNot: [/essay/, /^NB/, /^It was dissolved/, /WEEK 6/],
  },
  'lecture-cell': {
    must: [
      'Ribosomes | make proteins',
      'Cell membrane – Function | controls what enters and leaves',
      'Types of transport | diffusion, osmosis, active transport',
    ],
    mustNot: [/Lecture 7|BIO 101|Room|10:15|https|TODO|chapter 4|calculator|14 June/, /^Function \|/],
  },
  'lecture-economics': {
    must: ['Elasticity | how strongly quantity reacts to a change in price', 'What does GDP mean? | gross domestic product'],
    mustNot: [/Unit 4|Week 3|Homework|problem set|B12|@|lighthouse/, /^Definition/],
  },
  'lecture-geschichte': {
    must: ['1919 | Versailler Vertrag', 'Was versteht man unter Hyperinflation? | eine unkontrollierbar schnelle Geldentwertung'],
    mustNot: [/Vorlesung|Krause|Klausur|Hausaufgabe|Raum/, /^Er starb/],
  },
  'lecture-physics': {
    must: ["Newton's second law | F = m · a", 'What is the newton? | the SI unit of force'],
    mustNot: [/^(?:v|E|p) \|/, /vec|1000 kg|Chapter 2/],
  },
  'letter-aunt': { must: [], mustNot: [/./] },
  'list-shopping': { must: [], mustNot: [/./] },
  'poem-garden': { must: [], mustNot: [/./] },
  'prose-arabic': { must: ['ما هي القاهرة؟ | عاصمة مصر', 'تأسست الأمم المتحدة عام ____. | 1945'], mustNot: [/السبب/, /السوق/] },
  'prose-chinese': {
    must: ['什么是光合作用？ | 植物利用光能把二氧化碳和水转化为有机物的过程', '水在____度沸腾。 | 100'],
    mustNot: [/问题/, /我/, /世界文化遗产/],
  },
  'prose-honeybee': {
    must: ['What is the waggle dance? | a figure-eight dance by which a bee tells others where food is'],
    mustNot: [/^(?:Its|They|It|For this|However|Today)\b/, /part of the story/, /^What was the Varroa/],
  },
  'prose-italiano': {
    must: ['Plinio il Giovane: chi è? | uno scrittore romano', 'Il parco nazionale del Vesuvio fu istituito nel ____. | 1995'],
    mustNot: [/^(?:Lui|È alto|Nel)/, /buono/],
  },
  'prose-japanese': {
    must: ['日本の首都は____です。 | 東京', '水は____度で沸騰します。 | 100'],
    mustNot: [/\| エネルギー$/, /有名|きれい|休み|私/],
  },
  'prose-korean': { must: ['한국의 수도는 ____입니다. | 서울', '한글은 ____년에 창제되었다. | 1443'], mustNot: [/^(?:그는|나는|오늘)/] },
  'prose-photosynthese': {
    must: ['Was bezeichnet man als Calvin-Zyklus? | die lichtunabhängige Reaktion der Photosynthese'],
    mustNot: [/^(?:Sie|Dabei|Man)\b/, /ebenfalls/],
  },
  'prose-revolution': {
    must: ["Robespierre : qui est-ce ? | un avocat d'Arras", 'Louis XVI fut guillotiné le 21 janvier ____. | 1793'],
    mustNot: [/^(?:Elle|C['’]était|Pourquoi)/, /fin de la/],
  },
  'prose-russian': {
    must: ['Клетка — это что? | основная единица строения всех живых организмов', 'Роберт Гук впервые увидел клетки в ____ году. | 1665'],
    mustNot: [/^(?:Он|Оно|Сегодня)/, /замолчали/],
  },
  'prose-sistema-solar': {
    must: ['¿Qué es un cometa? | un cuerpo formado por hielo y polvo', '¿Qué es el Sol? | una estrella de tipo G'],
    mustNot: [/Contiene|También|¿Hay vida|Nadie/],
  },
  'prose-turkce': { must: ["Ankara nedir? | Türkiye'nin başkenti"], mustNot: [/^(?:Bu|Ben|Sonra)/, /önemli/] },
  'questions-biology': {
    must: ['How many chambers does the heart have? | Four.', 'Vein | blood vessel that carries blood towards the heart'],
    mustNot: [/Discuss/, /^Valve/, /^Revision/],
  },
  'recipe-pancakes': { must: [], mustNot: [/flour|eggs|minutes|Serves|Tip/], atMost: 0 },
  'story-lighthouse': { must: [], mustNot: [/ruin|narrow|17|1962/], atMost: 0 },
  'subtitles-volcano': {
    must: [
      'What is a volcano? | an opening in the crust of the Earth, through which molten rock escapes',
      'Mount Vesuvius destroyed the city of Pompeii in the year ____. | 79',
    ],
    mustNot: [/-->|00:|Wow|music|<i>|visit/],
  },
  'table-countries': {
    must: ['France – Capital | Paris', 'Korea, South – Capital | Seoul'],
    mustNot: [/^Country/, /see map|check!/, /\| $/],
  },
  'table-elements': { must: ['Fe – Name | Iron', 'Au – Atomic number | 79'], mustNot: [/^Symbol/, /---|:--/, /late/] },
  'table-vocabulary': { must: ['la spiaggia | beach', "l'albero | tree"], mustNot: [/^(?:\d|No\.|Italiano)/, /Andiamo/] },
  'transcript-lecture': {
    must: ['Red blood cells live for about ____ days. | 120', 'What are Platelets? | small cell fragments that help the blood to clot'],
    mustNot: [/Lecturer|Student|00:|exam|projector|Thursday|room/],
  },
  'words-arabic': { must: ['بيت | house', 'كيف حالك؟ | How are you?'], mustNot: [/الواجب|الدرس/] },
  'words-chinese': { must: ['你好 – English | hello', '水 – 拼音 | shuǐ'], mustNot: [/汉字/] },
  'words-french': { must: ['la rue | street', 'Où est la gare ? | Where is the station?'], mustNot: [/VOCABULAIRE|devoirs/] },
  'words-german': {
    must: ['der Apfel, ¨- | apple', 'essen (isst, aß, gegessen) | to eat', 'Guten Appetit! | Enjoy your meal!'],
    mustNot: [/Unit 4|Lektion|Test|p\. 43/],
  },
  'words-japanese': { must: ['犬（いぬ） | dog', 'おはようございます | Good morning'], mustNot: [/宿題|テスト|第3課/] },
  'words-korean': { must: ['사과 | apple', '안녕하세요? | Hello!'], mustNot: [/숙제|단어/] },
  'words-russian': { must: ['улица | street', 'Извините! | Excuse me!'], mustNot: [/Урок|Домашнее|метро/] },
  'words-spanish': { must: ['el perro | dog', '¿Cómo estás? | How are you?'], mustNot: [/^irregular|Unidad|p\. 14/] },
  'transcript-meeting': {
    must: ['What is a pulsar? | a rotating neutron star that emits beams of radiation'],
    mustNot: [/Prof|Jonas|Mei|mute|Page|AM/, /^Meeting/],
  },
  'notes-cardiology': {
    must: ['Heart failure | inability of the heart to pump enough blood', 'Atrial fibrillation – Symptoms | palpitations, dizziness'],
    mustNot: [/Chen|dosage|CARDIO/, /^(?:Definition|Symptoms)/, /\| (?:60|100|120)$/],
  },
  'table-ereignisse': { must: ['1789 | Sturm auf die Bastille'], mustNot: [/^Jahr/, /Ort/] },
  'wiki-celula': {
    must: ['¿Qué es la célula? | la unidad básica de la vida', '¿Quién fue Matthias Schleiden? | un botánico alemán'],
    mustNot: [/\[|\{|==|Véase/, /^(?:Fue|Es)\b/],
  },
  'notes-grammar': { must: ['put off | postpone'], mustNot: [/^go\b|confuse|^e\.g/, /^English grammar/] },
  'news-elbe': { must: ['Die Elbe ist ____ Kilometer lang. | 1094'], mustNot: [/Meisterwerk|Wetter|Mittwoch|Menschen|guter Tag/] },
  'notes-arte': { must: ['affresco | pittura su intonaco fresco'], mustNot: [/chiedere|Verifica|aula|RIPASSO/] },
  'song-winter': { must: [], mustNot: [/./] },
  'lecture-kazan': { must: ['マグマ | 地下で岩石がとけたもの', '富士山は____年に噴火した。 | 1707'], mustNot: [/課題|来週|これ|第5回/] },
  'faq-product': { must: ['Who invented the telephone? | Alexander Graham Bell'], mustNot: [/https|Click|©|Press|Version/] },
  'chat-osmosis': { must: [], mustNot: [/mia|tom|thx|lol|percent|stuff/], atMost: 1 },
  'table-korean': { must: ['병원 | hospital', '약국 | pharmacy'], mustNot: [/예문|단어/] },
  'lecture-law': {
    must: ['What is Habeas corpus? | the right of a prisoner to be brought before a judge', 'executive | carries out laws (government)'],
    mustNot: [/Prof|Lecture|Lisa|Montesquieu|controversial/],
  },
  'prose-curie': { must: ['Marie Curie died in ____ near Sallanches. | 1934'], mustNot: [/^(?:She|They|In 1891|Her)\b/, /couple/] },
  'cours-climat': {
    must: ["Météo | état de l'atmosphère à un moment donné", 'Le GIEC a été créé en ____. | 1988'],
    mustNot: [/Chapitre|Définitions|vendredi|12 mars/, /^(?:I|II) \|/],
  },
  'rezept-suppe': { must: [], mustNot: [/./] },
  'lecture-ekonomika': { must: ['Банк России был основан в ____ году. | 1990'], mustNot: [/Лекция|Иван|Домашнее/] },
  'code-sql': { must: ['primary key | uniquely identifies a row'], mustNot: [/SELECT|UPDATE|comment/] },
  'transcript-youtube': { must: [], mustNot: [/like|channel|\d:\d\d/] },
  'table-people': { must: [], mustNot: [/./] },
  'words-turkish': { must: ['gitmek | to go', 'Nasılsın? | How are you?'], mustNot: [/Ödev|Ünite/] },
  'words-chinese-mixed': { must: ['买 | to buy'], mustNot: [/作业|第二课/] },
};
