/**
 * What the subjects of auto-replies begin with, in the Latin script of Europe: the prefixes that mail servers and
 * programs put in (Exchange and Outlook, Gmail, Zimbra, Domino and others), and what people write into their vacation
 * responders. Compared as `plainWords`: hyphens, accents and case do not matter. The other languages are in
 * `auto-reply-phrases-world.ts`.
 */
/** Of a language: phrases with commas between them. */
export interface SubjectPhrases {
  /** "Automatic reply": nobody writes that about himself. */
  readonly automatic: string;
  /** "Out of office": people write it in such replies, rarely elsewhere. */
  readonly absence: string;
  /** Single words for being away: they need a second sign. */
  readonly away: string;
}

/** A language's phrases, each list with commas between them, in the order of `SubjectPhrases`. */
export function of(automatic: string, absence: string, away: string): SubjectPhrases {
  return { automatic, absence, away };
}

/** By language. Croatian stands for Bosnian and Serbian in Latin script too. */
export const EUROPEAN_PHRASES: Readonly<Record<string, SubjectPhrases>> = {
  en: of(
    `automatic reply, automatic response, automatic answer, automated reply, automated response, auto reply,
     autoreply, auto response, autoresponse, autorespond, auto respond, auto responder, autoresponder, auto answer,
     auto acknowledgement, automatic acknowledgement, automatic email reply, automatic email response,
     automatically generated reply, automatically generated response, auto generated reply, auto generated response,
     yahoo! auto response, aol automatic reply, vacation reply, vacation response, vacation responder,
     vacation autoreply, vacation auto reply, vacation message, away message, holiday reply`,
    `out of office, out of office reply, out of office response, out of office message, out of office notification,
     out of office notice, out of office alert, out of office assistant, out of office auto, out of the office,
     out of my office, away from office, away from the office, away from my office, away from my desk,
     away from my mail, away from my email, not in the office, currently out of office, currently out of the office,
     currently away, i am out of office, i am out of the office, i'm out of office, i'm out of the office, i am away,
     i'm away, i am on vacation, i'm on vacation, i am on leave, i am currently out of the office,
     absence notification, absence notice, notice of absence, ooo, oof, ooto, out on leave, on maternity leave,
     on parental leave, on annual leave, on sick leave`,
    `auto, autore, away, away until, absent, absence, vacation, on vacation, holiday, holidays, on holiday, on leave,
     annual leave, leave, office closed, unavailable, not available, gone fishing, travelling, traveling,
     vacation notice`,
  ),
  de: of(
    `automatische antwort, automatische rückantwort, automatische rückmeldung, automatische beantwortung,
     automatische abwesenheitsnotiz, automatische abwesenheitsmeldung, automatische eingangsbestätigung,
     automatische empfangsbestätigung, automatisierte antwort, automatisch generierte antwort,
     automatisch erstellte antwort, autom. antwort, autoantwort, auto antwort`,
    `abwesenheitsnotiz, abwesenheitsmeldung, abwesenheitsnachricht, abwesenheitsmitteilung, abwesenheitsinfo,
     abwesenheitshinweis, abwesenheitsantwort, abwesenheitsagent, abwesenheitsassistent, abwesenheitsbenachrichtigung,
     außer haus, nicht im büro, nicht im haus, nicht am arbeitsplatz, ich bin nicht im büro, bin nicht im büro,
     ich bin im urlaub, bin im urlaub, ich bin abwesend, bin abwesend, urlaubsnachricht, urlaubsmeldung, urlaubsnotiz,
     urlaubsbenachrichtigung, urlaubsantwort, urlaubsabwesenheit, zur zeit nicht im büro, zurzeit nicht im büro,
     derzeit nicht im büro`,
    `abwesenheit, abwesend, urlaub, im urlaub, in elternzeit, ferien, ferienabwesenheit, betriebsferien,
     betriebsurlaub, krank, nicht erreichbar, eingangsbestätigung, urlaubsvertretung`,
  ),
  fr: of(
    `réponse automatique, réponse automatisée, réponse auto, réponse automatique d'absence,
     message d'absence automatique, accusé de réception automatique, répondeur automatique`,
    `réponse d'absence, absence du bureau, absence de bureau, absence bureau, absent du bureau, absente du bureau,
     absent(e) du bureau, absent de mon bureau, absente de mon bureau, absent(e) de mon bureau, message d'absence,
     notification d'absence, notice d'absence, avis d'absence, hors du bureau, hors bureau, en dehors du bureau,
     à l'extérieur du bureau, je suis absent, je suis absente, je suis en congé, je suis en congés,
     je suis en vacances, en congé maternité, en congé parental, en arrêt maladie`,
    `absence, absent, absente, absent(e), en congé, en congés, congé, congés, en vacances, vacances, indisponible,
     fermeture annuelle, accusé de réception`,
  ),
  es: of(
    `respuesta automática, respuesta automatizada, respuesta automática de vacaciones, autorespuesta, autorrespuesta,
     auto respuesta, contestación automática, contestador automático, respuesta de fuera de oficina`,
    `fuera de la oficina, fuera de oficina, fuera de mi oficina, fuera del despacho, fuera del trabajo,
     fuera de línea, ausente de la oficina, ausencia de la oficina, ausencia de oficina, aviso de ausencia,
     mensaje de ausencia, notificación de ausencia, respuesta de ausencia, estoy fuera de la oficina,
     me encuentro fuera de la oficina, estoy de vacaciones, me encuentro de vacaciones, no estoy en la oficina,
     ausencia temporal`,
    "ausente, ausencia, vacaciones, de vacaciones, permiso, de baja, acuse de recibo",
  ),
  it: of(
    `risposta automatica, risposta automatizzata, risposta automatica fuori sede, autorisposta, auto risposta,
     risponditore automatico`,
    `fuori ufficio, fuori sede, fuori dall'ufficio, fuori dell'ufficio, assente dall'ufficio, assenza dall'ufficio,
     assenza ufficio, assenza dal lavoro, notifica di assenza, avviso di assenza, messaggio di assenza,
     risposta di assenza, messaggio fuori sede, non in ufficio, non sono in ufficio, sono fuori ufficio,
     sono in ferie, sono assente, assenza temporanea`,
    `assenza, assente, ferie, in ferie, vacanza, in vacanza, chiusura estiva, chiusura per ferie,
     conferma di ricezione`,
  ),
  pt: of(
    `resposta automática, resposta automatizada, resposta automática de férias, autoresposta, autorresposta,
     auto resposta, resposta de ausência`,
    `fora do escritório, fora da empresa, fora do trabalho, ausente do escritório, ausência do escritório,
     ausência temporária, ausente temporariamente, aviso de ausência, mensagem de ausência, notificação de ausência,
     estou ausente, estou de férias, estou em férias, estou fora do escritório, não estou no escritório`,
    "ausente, ausência, férias, de férias, em férias, licença, confirmação de recebimento, aviso de recebimento",
  ),
  nl: of(
    `automatisch antwoord, automatische antwoord, automatische reactie, automatische beantwoording,
     automatische afwezigheidsmelding, automatische ontvangstbevestiging, automatisch gegenereerd antwoord,
     autoantwoord, auto antwoord`,
    `afwezigheidsbericht, afwezigheidsmelding, afwezigheidsassistent, afwezigheidsnotitie, afwezigheid kantoor,
     afwezig van kantoor, niet aanwezig, niet op kantoor, buiten kantoor, uit kantoor, ik ben afwezig,
     ik ben niet aanwezig, ik ben niet op kantoor, ik ben met vakantie, ik ben op vakantie, tijdelijk afwezig`,
    "afwezig, afwezigheid, vakantie, met vakantie, op vakantie, verlof, met verlof, ontvangstbevestiging",
  ),
  sv: of(
    `automatiskt svar, automatiskt frånvarosvar, automatiskt frånvaromeddelande, automatsvar, autosvar, auto svar,
     automatiskt genererat svar`,
    `frånvaromeddelande, frånvaro meddelande, frånvarosvar, frånvarobesked, ej på kontoret, inte på kontoret,
     ej på plats, inte på plats, ej anträffbar, ej i tjänst, inte i tjänst, utanför kontoret, jag är inte på kontoret,
     jag är på semester, jag är bortrest, jag har semester, semestermeddelande, semestersvar`,
    "frånvaro, frånvarande, semester, på semester, föräldraledig, tjänstledig, bortrest, ledig, sjuk, semesterhälsning",
  ),
  da: of(
    "automatisk svar, automatisk besvarelse, automatisk fraværsbesked, automatisk kvittering, autosvar, auto svar",
    `fraværsmeddelelse, fraværsbesked, fraværssvar, fraværsassistent, ikke til stede, ikke på kontoret,
     uden for kontoret, ude af kontoret, ude af huset, væk fra kontoret, jeg er ikke på kontoret, jeg er på ferie,
     jeg holder ferie, jeg har ferie, feriebesked, feriesvar, ferieautosvar`,
    "fravær, fraværende, ferie, på ferie, holder ferie, barsel, på barsel, fri",
  ),
  no: of(
    "automatisk svar, automatisk fraværsmelding, automatisert svar, autosvar, auto svar, autosvarar",
    `fraværsmelding, fråværsmelding, fraværsbeskjed, fraværsassistent, fraværssvar, ikke på kontoret,
     ikkje på kontoret, ikke til stede, ute av kontoret, utenfor kontoret, borte fra kontoret,
     jeg er ikke på kontoret, jeg er på ferie, jeg har ferie`,
    "fravær, fråvær, fraværende, ferie, på ferie, permisjon, i permisjon, avspasering, feriemelding",
  ),
  fi: of(
    `automaattinen vastaus, automaattinen poissaoloviesti, automaattinen poissaoloilmoitus, automaattivastaus,
     automaattinen lomavastaus`,
    `poissaoloilmoitus, poissaoloviesti, poissaolovastaus, poissa toimistosta, poissa toimistolta, poissa työpaikalta,
     en ole toimistolla, ei toimistolla, en ole paikalla, olen poissa, olen lomalla, lomavastaus, lomaviesti`,
    "poissa, poissaolo, loma, lomalla, vuosilomalla, lomailmoitus",
  ),
  is: of(
    "sjálfvirkt svar, sjálfvirk svörun",
    "ekki við, ekki á skrifstofunni, utan skrifstofu, fjarverandi, er í fríi, ég er í fríi",
    "fjarvera, í fríi, sumarfrí, orlof",
  ),
  pl: of(
    "automatyczna odpowiedź, odpowiedź automatyczna, autoodpowiedź, auto odpowiedź, autoresponder",
    `poza biurem, nieobecność w biurze, nieobecny w biurze, nieobecna w biurze, nieobecność w pracy,
     jestem poza biurem, jestem nieobecny, jestem nieobecna, jestem na urlopie, powiadomienie o nieobecności,
     informacja o nieobecności, zawiadomienie o nieobecności, przebywam na urlopie`,
    "nieobecność, nieobecny, nieobecna, urlop, na urlopie",
  ),
  cs: of(
    "automatická odpověď, automatizovaná odpověď, autoodpověď, automatická odpoveď",
    `mimo kancelář, mimo kanceláře, jsem mimo kancelář, nejsem v kanceláři, v nepřítomnosti, odpověď v nepřítomnosti,
     oznámení o nepřítomnosti, zpráva o nepřítomnosti, jsem na dovolené, nepřítomnost v kanceláři`,
    "nepřítomnost, nepřítomen, nepřítomna, dovolená, na dovolené, čerpám dovolenou",
  ),
  sk: of(
    "automatická odpoveď, automatizovaná odpoveď, automatická odpoveď v neprítomnosti",
    `mimo kancelárie, mimo kanceláriu, som mimo kancelárie, nie som v kancelárii, oznámenie o neprítomnosti,
     odpoveď v neprítomnosti, správa o neprítomnosti, som na dovolenke`,
    "neprítomnosť, neprítomný, neprítomná, dovolenka, na dovolenke",
  ),
  hu: of(
    "automatikus válasz, automata válasz, automatikus válaszüzenet, automatikus visszajelzés",
    `házon kívül, házon kívül vagyok, irodán kívül, nem vagyok az irodában, nem vagyok bent, távolléti üzenet,
     távolléti értesítés, távolléti értesítő, távolléti válasz, szabadságon vagyok`,
    "távollét, távol, szabadság, szabadságon",
  ),
  ro: of(
    "răspuns automat, răspuns automatizat, răspuns automat de absență",
    `absent de la birou, absentă de la birou, absent din birou, absență de la birou, absență din birou,
     plecat din birou, plecat de la birou, în afara biroului, în afara birou, nu sunt la birou, sunt plecat din birou,
     sunt în concediu, mesaj de absență, notificare de absență`,
    "absent, absentă, absență, concediu, în concediu",
  ),
  hr: of(
    "automatski odgovor, automatski generirani odgovor, automatski generisan odgovor",
    `izvan ureda, van ureda, odsutan iz ureda, odsutna iz ureda, odsutnost iz ureda, nisam u uredu,
     obavijest o odsutnosti, izvan kancelarije, van kancelarije, odsutan iz kancelarije, nisam u kancelariji,
     obaveštenje o odsustvu, na godišnjem odmoru`,
    "odsutan, odsutna, odsutnost, odsustvo, godišnji odmor",
  ),
  sl: of(
    "samodejni odgovor, samodejni odziv, avtomatski odgovor",
    `izven pisarne, zunaj pisarne, odsoten iz pisarne, odsotna iz pisarne, odsotnost iz pisarne, nisem v pisarni,
     ni me v pisarni, obvestilo o odsotnosti, sporočilo o odsotnosti`,
    "odsotnost, odsoten, odsotna, dopust, na dopustu",
  ),
  sq: of(
    "përgjigje automatike, përgjigje e automatizuar",
    "jashtë zyrës, jashtë zyre, nuk jam në zyrë",
    "mungesë, pushime",
  ),
  lv: of(
    "automātiska atbilde, automātiskā atbilde",
    "ārpus biroja, neesmu birojā, prombūtnes paziņojums, esmu prombūtnē, esmu atvaļinājumā",
    "prombūtne, prombūtnē, atvaļinājums, atvaļinājumā",
  ),
  lt: of(
    "automatinis atsakymas, automatinis atsakiklis",
    `ne biure, nesu biure, ne darbe, ne darbo vietoje, nesu darbe, išėjęs iš biuro, pranešimas apie nebuvimą,
     nebuvimas biure, esu atostogose, nebuvimas darbe`,
    "atostogos, atostogauju, atostogose, nebuvimas",
  ),
  et: of(
    "automaatvastus, automaatne vastus",
    `kontorist väljas, kontorist eemal, kontorist ära, ei ole kontoris, ei viibi kontoris, äraoleku teade,
     eemaloleku teade, eemalolekuteade, puudumisteade, olen puhkusel`,
    "puhkus, puhkusel, eemal, äraolek, eemalolek",
  ),
  ca: of(
    "resposta automàtica, resposta automatitzada",
    `fora de l'oficina, fora d'oficina, absent de l'oficina, absència de l'oficina, avís d'absència,
     soc fora de l'oficina, estic de vacances`,
    "absent, absència, vacances, de vacances",
  ),
  gl: of("resposta automática", "fóra da oficina, ausente da oficina, estou fóra da oficina", "ausencia, vacacións"),
  eu: of(
    "erantzun automatikoa",
    "bulegotik kanpo, bulegotik kanpo nago, ez nago bulegoan, oporretan nago",
    "oporretan, kanpoan",
  ),
  ga: of("freagra uathoibríoch, uathfhreagra", "as oifig, as an oifig", ""),
  cy: of("ateb awtomatig, ymateb awtomatig", "allan o'r swyddfa", ""),
  mt: of("tweġiba awtomatika", "barra mill-uffiċċju", ""),
  lb: of("automatesch äntwert, automatesch antwort", "net am büro, net am bureau", "congé"),
  af: of("outomatiese antwoord", "buite kantoor, uit die kantoor", ""),
};
