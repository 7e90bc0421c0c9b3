/** Spanish. */
import { type Language, set } from './language.ts';

const what = (term: string, verb: string) => `¿Qué ${verb} ${term}?`;
const who = (term: string, verb: string) => `¿Quién${verb === 'son' ? 'es' : ''} ${verb} ${term}?`;

export const es: Language = {
  code: 'es',
  starters: set(
    `esto eso aquello este esta ese esa estos estas esos esas aquel aquella él ella ello ellos ellas su sus en con por para porque aunque si
     cuando mientras desde después antes como pero y o así hoy ayer mañana ahora cada todo toda todos todas algunos algunas muchos muchas no
     también según durante que quien cual donde uno lo luego entonces además finalmente primero aquí allí ahí a al de del sin sobre tras entre
     cuyo otro otra otros otras ya sólo solo ninguno ninguna hay por qué cómo`,
  ),
  pronouns: set(
    'esto eso aquello este esta ese esa estos estas él ella ello ellos ellas le les allí ahí aquí también además hoy ayer mañana',
  ),
  persons: set(
    'yo me mi mis mí nosotros nos nuestro nuestra nuestros nuestras tú tu tus te ti usted ustedes vosotros vuestro hola gracias ok vale sí jaja adiós',
  ),
  articles: set('el la los las un una'),
  joints: set(
    `es son era eran fue fueron ser está están hay tiene tienen ha han muy más menos entre sobre hacia hasta en con por para de del a al sin y e o u
     pero que quien cual donde como el la los las un una unos unas se no unos aproximadamente cerca desde durante tras según puede pueden debe`,
  ),
  vague: set(
    'problema resultado razón pregunta cosa punto respuesta idea objetivo meta día ejemplo tiempo comida precio nombre plan resto verdad hecho diferencia tarea solución ventaja desventaja hombre mujer casa niño niña historia curso profesor secreto clave',
  ),
  admin: set('examen parcial deberes tarea aula seminario ects semestre'),
  people: set(
    `botánico zoólogo anatomista geógrafo arqueólogo periodista cirujano psicólogo astronauta matemático matemática físico física químico química biólogo bióloga científico científica filósofo filósofa escritor escritora autor autora
     poeta pintor pintora artista compositor compositora músico cantante rey reina emperador emperatriz presidente presidenta político general
     explorador inventor ingeniero médico médica astrónomo economista historiador arquitecto escultor dramaturgo novelista revolucionario santo
     santa monje papa líder navegante conquistador libertador`,
  ),
  empty:
    /^(?:un poco|un problema|un ejemplo|una buena|un buen|el mismo|la misma|lo mismo|el único|la única|la razón|el problema|uno de|una de)(?: |$)/i,
  definitions: [
    { pattern: /^(?<term>.{2,80}?),? (?<verb>es|son) (?<meaning>(?:un|una|unos|unas|el|la|los|las) .{3,})$/i, ask: what, askWho: who },
    { pattern: /^(?<term>.{2,60}?) (?<verb>son) (?<meaning>[\p{L}-]+(?: [\p{L}-]+){0,3} que .{3,})$/iu, ask: what },
    {
      pattern: /^(?<term>.{2,80}?) (?<verb>era|eran|fue|fueron) (?<meaning>(?:un|una|el|la|los|las) .{3,})$/i,
      ask: what,
      askWho: who,
      past: true,
    },
    {
      pattern: /^Se (?:llama|denomina|conoce como) (?<term>\p{L}[\p{L} -]{2,40}?) (?:a|al) (?<meaning>(?:la |los |las |el )?\p{L}.{8,})$/iu,
      ask: (term) => `¿A qué se llama ${term}?`,
    },
  ],
  relation:
    /^(.{3,90}? (?:se componen? de|consta de|contiene|contienen|produce|producen|almacena|almacenan|se encuentra en|se encuentran en|está situad[oa] en|se llaman?|descubrió|inventó|escribió|pintó|fundó) (?:el |la |los |las |un |una )?)(\S.*)$/i,
};
