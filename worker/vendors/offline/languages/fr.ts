/** French. */
import { type Language, set } from './language.ts';

const what = (term: string) => `${term} : qu'est-ce que c'est ?`;
const who = (term: string) => `${term} : qui est-ce ?`;

export const fr: Language = {
  code: 'fr',
  starters: set(
    `il elle ils elles ce cela ceci ça c'est on son sa ses leur leurs dans en avec sans par pour de à au aux sur sous chez parce bien si quand
     comme mais et ou donc car aujourd'hui hier demain maintenant chaque tout toute tous toutes quelques plusieurs aucun aussi selon pendant qui
     que quoi où cette cet ces puis ensuite enfin alors ainsi d'abord après avant depuis cependant toutefois pourtant ici là celui celle ceux
     pourquoi comment lorsque dès malgré voir même très beaucoup certains certaines d'autres l'un l'une`,
  ),
  pronouns: set('il elle ils elles ce cela ceci ça ces cette cet lui eux y là ici aussi celui celle ceux hier demain'),
  persons: set(
    "je j'ai me moi mon ma mes nous notre nos vous votre vos tu te toi ton ta tes salut bonjour merci ok oui non haha mdr coucou j'y",
  ),
  articles: set("le la les un une des l' l’"),
  joints: set(
    `est sont était étaient être avoir a ont fait très plus moins entre vers jusque jusqu'à dans en avec sans par pour de du des à au aux sur sous
     chez et ou mais que qui dont où comme le la les un une d' l' environ se s' ne pas peut peuvent doit grâce depuis pendant après avant`,
  ),
  vague: set(
    'problème résultat raison question chose point réponse idée but jour exemple temps nourriture prix nom plan reste vérité fait différence tâche solution avantage inconvénient homme femme maison garçon fille histoire cours professeur secret',
  ),
  admin: set('examen partiel devoirs amphi séminaire ects semestre'),
  people: set(
    `botaniste zoologiste anatomiste géographe archéologue journaliste chirurgien psychologue astronaute mathématicien mathématicienne physicien physicienne chimiste biologiste scientifique philosophe écrivain écrivaine auteur autrice poète
     poétesse peintre artiste compositeur compositrice musicien chanteur chanteuse roi reine empereur impératrice président présidente politicien
     général explorateur inventeur ingénieur médecin astronome économiste historien architecte sculpteur dramaturge romancier romancière
     révolutionnaire saint sainte prêtre pape souverain naturaliste avocat militaire navigateur`,
  ),
  empty:
    /^(?:un peu|un problème|un exemple|une bonne|un bon|le même|la même|les mêmes|le seul|la seule|la raison|le problème|l['’]un des|l['’]une des|un des|une des)(?: |$)/i,
  definitions: [
    { pattern: /^(?<term>.{2,80}?),? (?<verb>est|sont) (?<meaning>(?:un |une |des |le |la |les |l['’]).{3,})$/i, ask: what, askWho: who },
    {
      pattern: /^(?<term>.{2,80}?) (?<verb>était|étaient|fut|furent) (?<meaning>(?:un |une |le |la |les |l['’]).{3,})$/i,
      ask: what,
      askWho: who,
      past: true,
    },
    {
      pattern: /^On appelle (?<term>\p{L}[\p{L}'’ -]{2,50}?) (?<meaning>(?:l['’]|la |le |les |un |une |tout |toute )\p{L}.{8,})$/iu,
      ask: (term) => `Qu'appelle-t-on ${term} ?`,
    },
  ],
  relation:
    /^(.{3,90}? (?:se composent? de|est composée? de|sont composée?s de|contient|contiennent|produit|produisent|stocke|stockent|se trouvent? (?:en|dans|à)|est situé(?:e)? (?:en|dans|à)|s['’]appelle|s['’]appellent|a découvert|a inventé|a écrit|a peint|a fondé|découvrit|inventa) (?:le |la |les |l['’]|un |une |du |de la |des )?)(\S.*)$/i,
};
