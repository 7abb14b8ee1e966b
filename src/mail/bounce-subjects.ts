/** What the subjects of reports on other mails say: data, in lower case. */
import { phraseList } from "./phrase-list";

/** Looked for anywhere in the subject of a mail that is about another one. */
export const failureSubjects = phraseList(`
  undeliver, returned mail, returned email, delivery status notification, delivery notification, delivery report,
  delivery fail, delivery problem, delivery error, delivery has failed, delivery unsuccessful, delivery status,
  failure delivery, failure notice, failed mail, failed delivery, failed to deliver, mail failed, mail failure,
  mail delivery, mail could not be, mail system error, mail not delivered, email not delivered, message delivery,
  message not delivered, message could not be, message was not, message has been delayed, message delayed,
  message rejected, message you sent blocked, message status, message undeliver, delayed mail, delivery delayed,
  delivery has been delayed, warning: could not send, warning: message, warning: delivery, could not be delivered,
  couldn't be delivered, not been delivered, non-delivery, nondelivery, nondeliverable, non delivery, not deliverable,
  ndn:, processing error, permanent error, error sending, automatically rejected mail, rejected:, rejected posting,
  bounced mail, loop alert, returning message, returned to sender, has been frozen, user unknown, unknown user,
  not member article, mail status report, return receipt, successful mail delivery, contents in mail from you,
  unzustellbar, unzugestellt, nicht zugestellt, nicht zustellbar, zustellungsfehler, fehlgeschlagene zustellung,
  zustellung fehlgeschlagen, zustellung verzögert, non remis, non délivré, non distribu, échec de, remise retardée,
  no se puede entregar, no se pudo entregar, no entregado, no se ha podido entregar, devuelto, error de entrega,
  entrega retrasada, mancato recapito, non recapitabile, errore di consegna, recapito non riuscito, mancata consegna,
  messaggio non consegnato, consegna ritardata, não entregue, falha na entrega, não foi possível entregar,
  entrega atrasada, onbestelbaar, niet bezorgd, niet afgeleverd, kan inte levereras, olevererbart, kan ikke leveres,
  ikke leveret, ikke levert, uleveret, toimittaminen epäonnistui, niedostarczon, nie można dostarczyć,
  niepowodzenie dostarcz, nedoručiteln, nedoručen, nem kézbesíthető, kézbesíthetetlen, imposibil de livrat, nelivrat,
  teslim edilemedi, iletilemedi, δεν είναι δυνατή η παράδοση, не доставлен, недоставлен, недоставл, не удалось доставить,
  配信不能, 配信エラー, 配信できません, 宛先不明, 送信エラー, 送信できません, 不達, 退信, 投递失败, 发送失败, 无法送达,
  未送达, 傳送失敗, 無法傳遞, 未送達, 반송, 전송 실패, 발송 실패, 배달되지 않음
`);
