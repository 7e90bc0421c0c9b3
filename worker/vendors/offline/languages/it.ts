/** Italian. */
import { type Language, set } from './language.ts';

const what = (term: string, verb: string) =>
  verb === 'è' || verb === 'era' || verb === 'fu' ? `${term}: che cos'è?` : `${term}: che cosa sono?`;
const who = (term: string) => `${term}: chi è?`;

export const it: Language = {
  code: 'it',
  starters: set(
    `egli lui lei loro esso essa essi esse questo questa questi queste quello quella quelli quelle suo sua suoi sue in nel nella nei nelle con senza
     per perché anche se quando mentre da dal dalla dopo prima come ma e o così oggi ieri domani ora ogni tutto tutta tutti tutte alcuni alcune
     molti molte non secondo durante che chi quale dove ci poi allora inoltre infine qui lì là a al alla di del della su sul sulla altro altra
     altri altre c'è ne si`,
  ),
  pronouns: set('egli lui lei loro esso essa essi esse questo questa questi queste quello quella lì là qui anche inoltre oggi ieri domani'),
  persons: set('io mi me mio mia miei mie noi nostro nostra nostri tu ti te tuo tua tuoi voi vostro vostra ciao grazie ok sì haha'),
  articles: set("il lo la i gli le un una uno l' l’"),
  joints: set(
    `è sono era erano fu furono essere stato stata hanno ha molto più meno tra fra verso fino in nel nella nei nelle con senza per da dal dalla di del
     della dei delle degli a al alla ai alle su sul sulla e ed o ma che chi cui dove come il lo la i gli le un una uno si non circa può possono deve`,
  ),
  vague: set(
    'problema risultato ragione domanda cosa punto risposta idea scopo giorno esempio tempo cibo prezzo nome piano resto verità fatto differenza compito soluzione vantaggio svantaggio uomo donna casa ragazzo ragazza storia corso professore segreto',
  ),
  admin: set('esame compiti aula lezione seminario cfu semestre'),
  people: set(
    `botanico zoologo anatomista geografo archeologo giornalista chirurgo psicologo astronauta matematico matematica fisico fisica chimico chimica biologo biologa scienziato scienziata filosofo filosofa scrittore scrittrice autore
     autrice poeta poetessa pittore pittrice artista compositore compositrice musicista cantante re regina imperatore imperatrice presidente
     politico generale esploratore inventore ingegnere medico astronomo economista storico architetto scultore drammaturgo romanziere santo papa
     navigatore monaco`,
  ),
  empty:
    /^(?:un po['’]|un problema|un esempio|una buona|un buon|lo stesso|la stessa|gli stessi|l['’]unic[oa]|la ragione|il problema|uno dei|una delle|uno degli)(?: |$)/i,
  definitions: [
    {
      pattern: /^(?<term>.{2,80}?),? (?<verb>è|sono) (?<meaning>(?:un |una |uno |il |la |lo |i |le |gli |l['’]|un['’]).{3,})$/i,
      ask: what,
      askWho: who,
    },
    {
      pattern: /^(?<term>.{2,80}?) (?<verb>era|erano|fu|furono) (?<meaning>(?:un |una |uno |il |la |lo |i |le |gli |l['’]|un['’]).{3,})$/i,
      ask: what,
      askWho: who,
      past: true,
    },
  ],
  relation:
    /^(.{3,90}? (?:è compost[oa] da|sono compost[ie] da|è costituit[oa] da|contiene|contengono|produce|producono|si trova in|si trovano in|si chiama|si chiamano|ha scoperto|ha inventato|ha scritto|ha dipinto|ha fondato|scoprì|inventò|scrisse|dipinse|fondò) (?:il |lo |la |i |gli |le |l['’]|un |una )?)(\S.*)$/i,
};
