/**
 * The commonest answers in other languages. Accents on Latin and Greek letters are gone by now
 * (`classify-reading.ts`), so `Empfänger` is `empfanger`; servers without umlauts write `empfaenger`.
 */
import type { RuleGrounds, TextRule } from "../classify-rule";

export const TRANSLATED_RULES: readonly TextRule[] = [
  {
    id: "text:mailbox-full-translated",
    class: "soft",
    category: "quota-issues",
    level: "strong",
    wording: [
      "(?:postfach|mailbox|briefkasten|speicherplatz|kontingent|speicherkontingent|quota){gap} (?:voll|ueberfuellt|uberfullt|erschopft|erschoepft|ueberschritten|uberschritten|ausgeschopft)",
      "(?:boite|messagerie|bal|compte){gap} (?:pleine?|saturee?)|quota{gap} (?:depasse|atteint)|espace (?:disque|de stockage){gap} (?:insuffisant|depasse)",
      "(?:buzon|casilla|cuenta|bandeja){gap} (?:llen[oa]|excedid[oa])|(?:cuota|espacio){gap} (?:excedid[oa]|superad[oa]|agotad[oa]|insuficiente)|ha excedido{gap} (?:cuota|espacio)",
      "caixa{gap} (?:cheia|lotada)|(?:cota|quota|limite|espaco){gap} (?:excedid[oa]|ultrapassad[oa]|estourad[oa]|insuficiente)",
      "casella{gap} piena|(?:quota|spazio){gap} (?:superat[oa]|esaurit[oa]|insufficiente)",
      "(?:postvak|postbus|mailbox){gap} (?:is )?vol|quotum{gap} overschreden",
      "(?:brevlada|brevladan|postlada|postladan|postkassen?|postboksen?|mailboksen?|innboksen?|indbakken?){gap} (?:er |ar )?(?:full|fuld|fyldt)|postilaatikko{gap} taynna",
      "(?:skrzynka|konto){gap} (?:peln[ae]|przepelnion[ae])|przekroczon[oay]{gap} (?:limit|pojemnosc|quota|quote|limitu)",
      "schranka{gap} (?:plna|preplnena)|postafiok{gap} (?:megtelt|tele)|(?:posta kutusu|kota){gap} (?:dolu|doldu|asildi)",
      "ящик{gap} (?:переполнен|заполнен|полон)|превышен[ао]?{gap} (?:квот[аы]|лимит|размер|объем)|квота{gap} (?:превышена|исчерпана)|скринька{gap} (?:переповнена|заповнена)",
      "(?:邮箱|郵箱|信箱|邮件箱)(?:空间|容量|空間)?(?:已经|已經|已)?(?:满|滿|超限|不足)|(?:超过|超出|超過)(?:邮箱|信箱|郵箱)?(?:配额|容量|配額)|容量(?:已满|已滿|不足)",
      "(?:メールボックス|メールbox|受信(?:箱|ボックス)|容量|ディスク)(?:が|は|の容量が)?(?:いっぱい|一杯|満杯|オーバー|超過)|容量(?:を|が)?(?:超え|超過|オーバー)",
      "(?:편지함|메일함|사서함|메일박스|용량)(?:이|가|을|를)? ?(?:가득|꽉|초과|부족)",
    ],
  },
  {
    id: "text:user-unknown-western",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: [
      // German, Dutch
      "{german}{gap} (?:unbekannt|existiert nicht|existieren nicht|nicht gefunden(?: werden)?|nicht vorhanden|nicht bekannt|ungultig|ungueltig|gibt es nicht|konnte nicht gefunden werden)",
      "(?:unbekannter?|unbekannte|ungultiger?|ungueltiger?|kein(?:en?)? solche[rsn]?|keine?|falscher?) {german}",
      "onbekende (?:gebruiker|ontvanger|geadresseerde)|(?:gebruiker|ontvanger|mailbox|adres|postbus|e ?mailadres){gap} (?:onbekend|bestaat niet|niet gevonden|niet bekend)",
      // French
      "(?:adresse|boite|compte|destinataire|usager|utilisateur|utilisatrice|mail|messagerie|courriel|correspondant|abonne){gap} (?:inconnue?|inexistante?|introuvable|invalide|n ?existe (?:pas|plus)|non trouvee?|est errone)",
      "(?:aucune?|pas d) ?(?:utilisateur|boite|compte|destinataire|adresse)",
      // Spanish, Portuguese, Italian, Catalan, Romanian
      "(?:usuario|cuenta|buzon|direccion|destinatario|casilla|correo|utilizador|conta|caixa|endereco|utente|casella|indirizzo|account|usuari|utilizatorul?|casuta|adresa|contul){gap} (?:desconocid[oa]|inexistente|no existe|no encontrad[oa]|no es valid[oa]|no valid[oa]|invalid[oa]|desconhecid[oa]|nao existe|nao encontrad[oa]|nao cadastrad[oa]|nao e valid[oa]|sconosciut[oa]|inesistente|non esiste|non trovat[oa]|non valid[oa]|desconegut|no existeix|necunoscut|inexistent[a]?|nu exista)",
      "(?:no existe|nao existe|non esiste|nu exista|inexistente) (?:el |la |ese |este |esta |dicha |o |a |esse |tal |l |lo |il |nessun )?(?:usuario|cuenta|buzon|persona|direccion|destinatario|casilla|conta|endereco|utente|casella|indirizzo|caixa|utilizator)",
      "nessun utente|usuario desconocido|utente sconosciuto|usuario desconhecido|utilisateur inconnu",
      // Nordic
      "(?:okand|ukendt|ukjent|tuntematon|oppekkt) (?:anvandare|mottagare|bruger|modtager|bruker|mottaker|vastaanottaja|kayttaja)",
      "(?:anvandaren?|mottagaren?|adressen|kontot|bruger(?:en)?|modtager(?:en)?|bruker(?:en)?|mottaker(?:en)?|postkassen){gap} (?:okand|finns (?:inte|ej)|saknas|ukendt|ukjent|findes ikke|finnes ikke|eksisterer ikke|ikke fundet|ikke funnet|er ikke gyldig)",
      "(?:vastaanottajaa|kayttajaa|osoitetta|sahkopostiosoitetta|tilia){near} ei (?:ole|loydy|loytynyt)",
      // Polish, Czech, Slovak, Hungarian, Turkish, Indonesian, Vietnamese
      "(?:uzytkownik|odbiorca|adresat|konto|adres|skrzynka){gap} (?:nie istnieje|nieznan[ya]|nie zostal[ao]? znalezion[ya]|nie znaleziono|nieprawidlowy)|nieznany (?:uzytkownik|odbiorca|adresat)|(?:nie ma|brak) takiego (?:uzytkownika|adresu|konta|odbiorcy)",
      "(?:uzivatel|pouzivatel|prijemce|prijemca|schranka|adresa|ucet){gap} (?:neexistuje|nezname?[yna]?|neznamy|neznama|nenalezen[ay]?)|neznamy (?:uzivatel|pouzivatel|prijemce)",
      "(?:ismeretlen|nem letezo) (?:felhasznalo|cimzett|cim|postafiok)|(?:felhasznalo|postafiok|cimzett|cim){gap} (?:nem letezik|nem talalhato|ismeretlen)",
      "(?:kullanici|alici|hesap|posta kutusu|adresi?){gap} (?:bulunamadi|bilinmiyor|mevcut degil|gecersiz)|bilinmeyen (?:kullanici|alici)",
      "(?:pengguna|penerima|alamat(?: email)?|akun){near} tidak (?:ditemukan|dikenal|ada|valid|terdaftar)|(?:nguoi dung|nguoi nhan|tai khoan|dia chi|hop thu){gap} khong (?:ton tai|hop le)",
    ],
  },
  {
    id: "text:user-unknown-eastern",
    class: "hard",
    category: "bad-mailbox",
    level: "strong",
    wording: [
      "(?:пользователь|пользователя|адресат|получатель|ящик|адрес|учетная запись|аккаунт){gap} (?:не найден[ао]?|не существует|неизвестен|не известен|не зарегистрирован[ао]?|недействителен|отсутствует|неверный)",
      "(?:нет такого|неизвестный|несуществующий|неверный) (?:пользовател[ьея]|адрес[а]?|ящик[а]?|получател[ьея]|адресат[а]?)|такого (?:пользователя|ящика|адреса|адресата) (?:нет|не существует)",
      "(?:користувача?|одержувача?|адресат|скриньк[аи]|адреса){gap} не (?:знайдено|існує|знайдений)|(?:невідомий|неіснуючий) (?:користувач|одержувач|адресат)",
      "(?:потребител|получател)(?:ят)?{gap} не (?:съществува|е намерен)|непознат (?:потребител|получател)",
      "αγνωστος (?:χρηστης|παραληπτης)|(?:χρηστης|παραληπτης|διευθυνση){gap} δεν (?:υπαρχει|βρεθηκε)",
      "(?:משתמש|נמען|הכתובת|תיבה){near} (?:לא|אינו|אינה) (?:קיי?ם|קיימת|ידוע|נמצא)|المستخدم غير (?:موجود|معروف)|(?:العنوان|المستلم|الحساب) غير (?:موجود|صحيح|معروف)",
      "(?:用户|用戶|使用者|收件人|收件者|收信人|邮箱|郵箱|信箱|帐号|帐户|账号|账户|帳號|帳戶|地址|邮件地址|该用户|此用户)(?:名|地址)?(?:并|並)?(?:不存在|未找到|找不到|无效|無效|错误|錯誤|不正确)",
      "(?:找不到|没有|沒有|无|無|不存在|没有找到|未找到)(?:此|该|該|这个|這個|的|收件人的)?(?:用户|用戶|使用者|收件人|收件者|邮箱|郵箱|信箱|帐号|账号|帳號)|无效(?:的)?(?:收件人|用户|地址|邮箱)|無效(?:的)?(?:收件人|使用者|地址)|查無此人|查无此人",
      "宛先(?:が|は|の)?(?:メール)?(?:アドレス)?(?:が|は)?(?:不明|見つかりません|存在しません|存在しない)|(?:ユーザー?|ユーザ名|アドレス|アカウント|メールアドレス|メールボックス|受信者|宛先)(?:は|が|も)?(?:存在しません|存在しない|見つかりません|不明|ありません|いません|登録されていません)",
      "該当(?:する|の)?(?:ユーザー?|アドレス|メールアドレス|アカウント|受信者)|無効な(?:メール)?(?:アドレス|宛先)|不明な(?:ユーザー?|宛先|受信者)|ディレクトリ(?:ー)?の?(?:リスト)?に(?:は)?(?:ありません|存在しません|見つかりません)",
      "(?:사용자|수신자|수신인|받는 ?사람|메일 ?주소|주소|계정|아이디)(?:를|을|가|이|은|는)? ?(?:찾을 수 없|존재하지 않|없습니다|유효하지 않)|(?:존재하지 않는|알 수 없는|없는|잘못된) (?:사용자|수신자|계정|메일|주소|아이디|이메일)",
      "(?:ไม่พบ|ไม่มี|ไม่รู้จัก)(?:ผู้ใช้|ผู้รับ|บัญชี|ที่อยู่)",
    ],
  },
];

export const TRANSLATED_GROUNDS: RuleGrounds = {
  "text:mailbox-full-translated": {
    because: "large providers answer in their country's language that a mailbox or its space is full",
    examples: [
      "552 5.2.2 Das Postfach des Empfängers ist voll",
      "552 Boîte du destinataire pleine",
      "552 El buzón del usuario está lleno",
      "552 A caixa postal do destinatário está cheia",
      "552 5.2.2 La casella del destinatario è piena",
      "552 Почтовый ящик получателя переполнен",
      "552 收件人邮箱已满",
      "552 メールボックスがいっぱいです",
    ],
  },
  "text:user-unknown-western": {
    because:
      "the same sentence as 'user unknown', in German, the Romance, the Nordic and other languages in Latin letters",
    examples: [
      "550 5.1.1 Unbekannter Empfänger",
      "550 Benutzer unbekannt",
      "550 Die Adresse john@example.de existiert nicht",
      "550 5.1.1 Utilisateur inconnu !",
      "550 Cette adresse n'existe pas",
      "550 Usuario desconocido",
      "550 No existe dicha persona",
      "550 5.1.1 Usuário inexistente",
      "550 5.1.1 Utente sconosciuto",
      "550 Nieznany użytkownik",
      "550 Okänd mottagare",
    ],
  },
  "text:user-unknown-eastern": {
    because: "the same in Cyrillic, Greek, Hebrew, Arabic and the languages of East Asia",
    examples: [
      "550 Пользователь не найден",
      "550 5.1.1 Нет такого пользователя",
      "550 用户不存在",
      "550 5.1.1 收件人地址不存在",
      "550 5.1.1 宛先不明",
      "550 該当するユーザが存在しません",
      "550 ユーザが存在しません",
      "550 존재하지 않는 사용자입니다",
    ],
  },
};
