/**
 * Words around the matter of notes, in many languages: what announces, what arranges, what counts.
 */
import { set } from './languages/language.ts';

/** "Unit 4", "Lecture 7: Cells", "第3課": says where in a course we are. Group 1 is what follows. */
export const courseLabel =
  /^(?:(?:unit|dialog(?:ue)?|lecture|lesson|chapter|section|part|week|day|module|session|topic|page|exercise|figure|fig\.?|table|slide|appendix|kapitel|lektion|einheit|vorlesung|abschnitt|teil|woche|tag|seite|übung|abb\.?|abbildung|tabelle|thema|unité|leçon|chapitre|partie|semaine|cours|séance|exercice|unidad|lección|capítulo|parte|semana|clase|tema|ejercicio|unità|lezione|capitolo|settimana|esercizio|unidade|lição|aula|seção|урок|глава|лекция|раздел|тема|неделя|упражнение|الدرس|الوحدة|الفصل|المحاضرة|ünite|ders|bölüm|konu|hafta|제?\s?\d+\s?과|第\s?[\p{N}一二三四五六七八九十]{1,4}\s?[課课章回節节講讲単元單]+元?)(?:\s+(?:no\.?|nr\.?)?\s*(?:\d{1,3}(?:\.\d{1,3})*|[ivx]{1,5}|[a-h]|one|two|three|four|five|eins|zwei|drei)\b)|第\s?[\p{N}一二三四五六七八九十]{1,4}\s?[課课章回節节講讲]|제?\s?\d+\s?과)[\s.:–—-]*(.*)$/iu;

/** What stands before a colon and is no term: who, when, where, and what is to be done. */
const announcing = set(`
  note notes source sources tel phone fax email e-mail mail figure homework todo to-do url link website http https remember example examples hint tip tips
  warning date time when where name teacher professor instructor lecturer room due deadline exam test quiz assignment reading agenda attendees present
  absent minutes from to cc bcc subject re fwd sent ps p.s reminder important attention question answer q a warm-up objectives objective goals goal aim
  outline overview summary conclusion introduction references bibliography see contents e.g eg i.e price total subtotal quantity serves servings yield
  ingredients instructions directions method preparation prep cook duration author title page pages status version author(s) speaker host guest
  hinweis hinweise quelle beispiel beispiele merke achtung wichtig hausaufgabe hausaufgaben aufgabe datum uhrzeit ort raum thema dozent abgabe termin
  frage antwort inhalt zutaten zubereitung portionen zeit betreff von an ziel ziele zusammenfassung einleitung einkaufsliste
  nota notas fuente ejemplo ejemplos tarea deberes fecha hora lugar aula profesor ojo importante pregunta respuesta ingredientes preparación raciones objetivo
  remarque exemple exemples attention devoir devoirs date heure lieu salle professeur objectif ingrédients préparation rappel réponse objet
  esempio compito compiti data ora luogo domanda risposta ingredienti preparazione attenzione obiettivo ricorda
  exemplo pergunta resposta dever atenção modo fonte lembrete
  пример вопрос ответ дата время внимание ингредиенты задание источник важно примечание
  例 例文 注意 宿題 課題 日時 場所 材料 作り方 問題 答え 注 メモ 练习 作业 例子 地点 时间 材料 答案 예 예문 숙제 날짜 시간 장소 재료 질문 답
  الواجب nb テスト 試験 trabalho devoir مثال ملاحظة سؤال جواب التاريخ الوقت المكان المكونات örnek not soru cevap tarih saat yer malzemeler ödev dikkat`);

/** The same in more than one word. */
const phrases = set(
  'домашнее_задание trabalho_de_casa see_also siehe_auch voir_aussi véase_también vedi_anche ver_também см._также further_reading',
);

/** Of these one word is enough: "exam date", "Hausaufgabe bis Montag", "prep time". */
const ofCourses = set(
  'exam homework test quiz todo due deadline note nota prep cook office hausaufgabe hausaufgaben klausur abgabe tarea deberes devoirs compiti дз date datum fecha hours',
);

/** Whether what stands before a colon only announces. */
export function announces(text: string): boolean {
  const bare = text
    .toLowerCase()
    .replace(/[\d\s.#()]+$/u, '')
    .trim();
  const parts = bare.split(' ');
  if (parts.length > 1 && (ofCourses.has(parts[0] ?? '') || ofCourses.has(parts.at(-1) ?? ''))) return true;
  return announcing.has(bare) || phrases.has(bare.replaceAll(' ', '_')) || /^\p{Script=Latin}$/u.test(bare) || courseLabel.test(text);
}

/** Names of attributes: alone they ask nothing, with the heading above them they do. */
export const attributes = set(`
  location function functions role purpose definition meaning structure origin cause causes effect effects consequence consequences result results symptom
  symptoms treatment equation formula input inputs output outputs product products reactants capital population language currency area size length height
  width depth mass weight density speed composition color colour shape type types kind kinds feature features characteristics advantages disadvantages
  benefits risks examples founded discovered inventor author discoverer period dates born died nationality habitat diet lifespan place setting genre
  theme themes characters unit units symbol use uses properties stages steps phases parts players key_figures leader leaders duration start end outcome
  funktion aufgabe bedeutung aufbau ursache ursachen folge folgen wirkung symptome behandlung formel produkte hauptstadt einwohner sprache währung fläche
  größe länge höhe masse gewicht dichte zusammensetzung farbe form art arten merkmale vorteile nachteile autor entdecker erfinder geboren gestorben
  lebensraum nahrung eigenschaften einheit symbol verwendung vorkommen beginn ende ergebnis
  fonction définition cause causes effet effets conséquences symptômes traitement formule capitale population langue monnaie superficie taille auteur rôle
  función definición causa efecto efectos consecuencias síntomas tratamiento fórmula población idioma moneda superficie tamaño autor
  funzione definizione effetto effetti conseguenze sintomi trattamento formula capitale popolazione lingua moneta superficie autore
  função definição efeito consequências sintomas tratamento fórmula população língua moeda
  функция определение причины последствия столица население язык валюта площадь автор
  意味 定義 役割 原因 結果 首都 人口 面積 定义 作用 结果 语言 정의 역할 수도 인구 원인`);

/** Headings that name no topic. */
export const emptyHeading = set(`
  introduction notes overview summary conclusion review vocabulary words glossary terms definitions definition facts examples homework todo agenda history
  background basics exercises questions references misc other important key content contents wortschatz vokabeln einleitung zusammenfassung wiederholung
  begriffe überblick vocabulaire résumé vocabulario resumen vocabolario riassunto vocabulário resumo словарь слова введение 単語 語彙 词汇 生词 단어 kelimeler
  المفردات results methods discussion abstract timeline dates people places things key_terms`);

/** Units of kitchens and shops: a gap before one of them tests nothing. */
export const kitchenUnits = set(`
  tsp tbsp teaspoon teaspoons tablespoon tablespoons cup cups oz ounce ounces lb lbs pinch clove cloves slice slices stick sticks can cans tin tins pack
  packs packet packets bottle bottles bag bags dozen piece pieces bunch handful jar box boxes g kg ml cl dl l liter liters litre litres gram grams
  el tl esslöffel teelöffel prise zehe zehen stück packung dose flasche bund tasse tassen becher scheiben päckchen
  cuillère cuillères gousse gousses pincée tasse sachet paquet tranche tranches cucharada cucharadas cucharadita taza tazas pizca diente dientes
  cucchiaio cucchiai cucchiaino spicchio spicchi pizzico bustina fette colher colheres xícara dentes 大さじ 小さじ グラム 个 勺 克 毫升 個 本 枚 袋
  г кг мл л ст чл шт ложка ложки стакан`);

/** What is to be bought or done: nothing under such a heading is to be learned. */
export const chores =
  /^(?:shopping(?: list)?|groceries|to[ -]?do(?:s| list)?|errands|chores|packing list|einkaufsliste|einkaufen|aufgaben|erledigen|liste de courses|courses|à faire|lista de la compra|compras?|tareas|lista della spesa|spesa|da fare|lista de compras|afazeres|список покупок|купить|дела|買い物(?:リスト)?|やること|购物清单|待办|장보기|할 일|alışveriş listesi|yapılacaklar|قائمة التسوق)$/iu;

/** Money: what something costs is no knowledge. */
export const currencies = set(
  'euro euros dollar dollars cent cents pound pounds usd eur gbp franken rubel рублей рубля рубль yen yuan won lira liras pesos peso reais real 円 元 원',
);

/** What makes of a figure the name of a time. */
export const clockWords = set("am pm a.m p.m o'clock uhr h hrs heures horas ore saat 時 时 点 點 분 시 часов");

/** What makes of a figure a number in an order. */
export const ordering = set(`
  fig figure no nr number page pages p pp chapter room table unit lecture lesson day week type grade version level section part exercise question step
  act scene line abb kapitel seite raum übung aufgabe lektion stufe klasse typ chapitre leçon exercice capítulo página lección capitolo pagina lezione
  урок глава страница`);

/** Months in the languages that we know, in full and short, with the case that stands in dates. */
export const months: ReadonlySet<string> = new Set(
  ['en', 'de', 'fr', 'es', 'it', 'pt', 'ru', 'ar', 'tr'].flatMap((language) =>
    Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2026, month, 15))).flatMap((date) =>
      [{ month: 'long' } as const, { month: 'short' } as const, { day: 'numeric', month: 'long' } as const].map((format) =>
        new Intl.DateTimeFormat(language, { ...format, timeZone: 'UTC' })
          .format(date)
          .replace(/[\d.]|(?:^|\s)de\s/g, '')
          .trim()
          .toLowerCase(),
      ),
    ),
  ),
);
