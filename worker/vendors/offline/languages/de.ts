/** German. */
import { type Language, set } from './language.ts';

const was = (term: string, verb: string) => `Was ${verb} ${term}?`;
const wer = (term: string, verb: string) => `Wer ${verb} ${term}?`;

export const de: Language = {
  code: 'de',
  starters: set(
    `es er sie dies dieser diese dieses diesen diesem jener jene jenes was wer wo hier dort da in im am an auf mit ohne von vom zu zum zur bei beim
     für durch weil obwohl wenn als nach vor seit bis aber und oder heute gestern morgen jetzt sein seine seinen ihre ihr ihren jeder jede jedes
     alle viele einige manche kein keine nicht auch laut während so dann man beide sowohl nur noch schon bereits dadurch daher deshalb trotzdem
     außerdem zudem dabei damit danach davor zuerst zunächst schließlich später nun ebenso statt trotz wegen einer eines dessen deren denn doch
     wie warum nachdem bevor sobald falls bitte siehe erst dafür darin daraus solche solcher`,
  ),
  pronouns: set(
    'es er sie ihn ihm ihnen dies diese dieser dieses diesen diesem dort hier dabei damit dadurch daher deshalb danach auch ebenfalls solche heute gestern morgen',
  ),
  persons: set(
    'ich mich mir mein meine meinen meinem meiner wir uns unser unsere unseren du dich dir dein deine deinen euch euer eure hallo hi hey danke bitte tschüss ok okay ja nein haha lol moin na',
  ),
  articles: set('der die das ein eine den dem des'),
  joints: set(
    `ist sind war waren wird werden wurde wurden sein haben hat hatte hatten kann können muss müssen soll darf sehr mehr über unter zwischen gegen
     durch in im am an auf aus mit ohne von vom zu zum zur bei beim für und oder aber als wie nach vor seit bis um ab daß dass weil wenn der die das
     den dem des ein eine einen einem einer eines sich nicht nur auch etwa rund circa ca pro je ins ans sowie sowohl`,
  ),
  vague: set(
    'problem ergebnis grund frage ding punkt antwort idee ziel tag weg schritt prüfung beispiel wetter essen preis name plan rest wahrheit tatsache unterschied aufgabe lösung vorteil nachteil mann frau haus junge mädchen geschichte thema kurs lehrer',
  ),
  admin: set(
    'klausur prüfung hausaufgabe hausaufgaben abgabe termin sprechstunde hörsaal vorlesung seminar ects folien skript übungsblatt semester einkaufsliste passwort dozent',
  ),
  people: set(
    `botaniker zoologe anatom geograph archäologe journalist chirurg psychologe astronaut geologe physiologe mathematiker mathematikerin physiker physikerin chemiker chemikerin biologe biologin wissenschaftler wissenschaftlerin philosoph philosophin
     schriftsteller schriftstellerin autor autorin dichter dichterin maler malerin künstler künstlerin komponist komponistin musiker sänger sängerin
     könig königin kaiser kaiserin präsident präsidentin kanzler kanzlerin politiker politikerin general entdecker erfinder erfinderin ingenieur
     arzt ärztin astronom astronomin ökonom historiker architekt bildhauer dramatiker revolutionär mönch heilige priester papst herrscher
     staatsmann seefahrer naturforscher jurist theologe reformator pharao`,
  ),
  empty:
    /^(?:ein bisschen|eine menge|ein paar|ein problem|ein beispiel|ein muss|eine frage|der gleiche|die gleiche|das gleiche|dasselbe|der grund|das problem|eine gute|ein guter|ein gutes|der einzige|die einzige|das einzige|einer der|eine der|eines der)(?: |$)/i,
  definitions: [
    {
      pattern: /^(?<term>.{2,80}?),? (?<verb>ist|sind) (?<meaning>(?:ein|eine|einer|der|die|das|jede|jeder|jedes) .{3,})$/i,
      ask: was,
      askWho: wer,
    },
    {
      pattern: /^(?<term>.{2,60}?) (?<verb>sind) (?<meaning>(?:[\p{L}-]+ ){0,3}\p{Lu}[\p{L}-]+, (?:die|deren|in denen|mit denen) .{3,})$/u,
      ask: was,
    },
    { pattern: /^(?<term>.{2,80}?) (?<verb>war|waren) (?<meaning>(?:ein|eine|der|die|das) .{3,})$/i, ask: was, askWho: wer, past: true },
    { pattern: /^Unter (?<term>.{2,60}?) versteht man (?<meaning>.{5,})$/i, ask: (term) => `Was versteht man unter ${term}?` },
    { pattern: /^Als (?<term>.{2,60}?) bezeichnet man (?<meaning>.{5,})$/i, ask: (term) => `Was bezeichnet man als ${term}?` },
    { pattern: /^(?<term>["„]?[\p{L}-]+["“]?) bedeutet (?!,|dass|für)(?<meaning>.{3,})$/iu, ask: (term) => `Was bedeutet ${term}?` },
  ],
  relation:
    /^(.{3,90}? (?:besteht aus|bestehen aus|heißt|heißen|enthält|enthalten|erzeugt|erzeugen|produziert|produzieren|verursacht|speichert|speichern|liegt in|liegen in|lebt in|leben in|entdeckte|erfand|schrieb|malte|gründete|braucht|brauchen|benötigt|benötigen|gehört zu|gehören zu) (?:der |die |das |den |dem |ein |eine |einen |einem )?)(\S.*)$/i,
};
