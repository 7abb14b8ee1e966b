/**
 * The words by which a text says that it reports on another mail: data, in the languages of the large providers and of
 * the MTAs that translate their reports. In lower case, apostrophes straight, one blank between two words.
 */
import { phraseList } from "./phrase-list";

/** Sentences that MTAs write and people do not: each nearly proves a report. */
export const reportSentences = phraseList(`
  this is the mail system at host, this is the postfix program at, this is the qmail-send program,
  this is the mail delivery agent at, this is the mailer at, this is the james mail server,
  this is the dragonfly mail agent, this is the mailer-daemon, this is the mail server on,
  this message was created automatically by mail delivery, this message was created automatically by the mail,
  message was created automatically by mail delivery software,
  automatically generated delivery status notification, this is a delivery status notification,
  a message that you sent could not be delivered, a message that you sent has not yet been delivered,
  a message that you have sent could not be delivered,
  message that you sent was undeliverable, the message that you sent was undeliverable,
  message was undeliverable due to the following reason, have yet to be delivered:,
  the following address(es) failed, the following address failed, following addresses had, following address had,
  had permanent fatal errors, had transient non-fatal errors, had delivery problems, failed addresses follow,
  had successful delivery notifications, transcript of session follows, transcript of the attempts to send,
  did not reach the following recipient, did not reach some or all of the intended, following recipient(s) could not,
  delivery to the following, delevery to the following, delivery has failed to these recipients,
  delivery is delayed to these recipients, delivery is delayed to the following,
  could not be delivered to one or more, not delivered to one or more, not be delivered to one or more,
  could not be delivered to some recipients, following recipients cannot be delivered, to one or more recipients,
  message cannot be delivered to the following, be delivered to the following recipient,
  following recipients were affected, message has been enqueued and undelivered,
  was not delivered to:, unable to deliver message to the following, unable to deliver your message to the following,
  was unable to deliver your message to, wasn't able to deliver your message, error delivering your mail to,
  failed to deliver to ', failure reasons, non-delivery report, undeliverable message to,
  was automatically rejected, recipients of your message have been processed by the mail server,
  diagnostic information for administrators, generating server:, error occurred while trying to deliver the mail to,
  error has occurred while attempting to deliver, rcpt=[, cc:mail smtplink undeliverable,
  could not be delivered to:, wasn't able to deliver, error message below:, message details:, duplicated message-id in <,
  one or more recipient addresses that were incorrectly constructed, delivery failed 20 attempts,
  the group you tried to contact, delivery of the email was stopped, has been in the retry queue,
  fehler bei der nachrichtenzustellung, diagnoseinformationen für administratoren,
  échec de la remise pour ces destinataires, informations de diagnostic pour les administrateurs,
  información de diagnóstico para los administradores, informazioni di diagnostica per gli amministratori,
  informações de diagnóstico para administradores, diagnostische gegevens voor beheerders,
  диагностические сведения для администраторов, 管理者向けの診断情報, 管理员的诊断信息, 系統管理員的診斷資訊,
  관리자용 진단 정보, 您的邮件被退回, 邮件系统退信
`);

/** Said in the text of a report about a failure or a delay, and now and then by a person. */
export const failureWords = phraseList(`
  not be delivered, n't be delivered, not deliver, not been delivered, n't been delivered, n't delivered, not delivered,
  not yet delivered, able to deliver, failed to deliver, undeliverable, undelivered, delivery failed,
  delivery has failed, delivery failure, delivery attempt, delivery error, delivery problem, delivery of your,
  could not be reached, delivery subsystem, delivery status, problem delivering, problem with the e-mail address, mail delivery, did not reach,
  failed permanently, fatal error, permanent error, permanent failure, addresses failed, failed addresses,
  failed recipient, recipients failed, failed to send, was rejected, been rejected, automatically rejected, rejected by,
  message rejected, rejected your message, returned to sender, returning message, returned to you, has been returned,
  being returned, bounced, could not be sent, not be sent, could not send, could not accept, was not accepted, was blocked,
  has been delayed, is delayed, no valid recipients, non-deliverable, not deliverable, unable to contact,
  duplicated message-id, loop alert, unknown user:, is not defined, did not exactly match, not authorized to send,
  nicht zugestellt, nicht zustellbar, unzustellbar, nicht ausgeliefert, nicht übermittelt, zustellung fehlgeschlagen,
  konnte nicht gesendet, n'a pas pu être, n'a pas pu etre, n'a pu être, n'ont pas pu être, n'a pas été remis,
  n'a pas été distribué, non remis, échec de la remise, échec de remise, no se pudo entregar, no se ha podido entregar,
  no pudo ser entregado, no ha sido entregado, no ha podido entregar, no fue entregado, rechazó tu mensaje,
  no se entregó, non è stato recapitato, mancato recapito, impossibile recapitare, non può essere consegnato,
  non e' stato possibile, non è stato possibile consegnare, non è stato consegnato, não pôde ser entregue,
  não foi entregue, não foi possível entregar, não pode ser entregue, falha na entrega, não entregue,
  niet worden bezorgd, niet worden afgeleverd, niet bezorgd, niet afgeleverd, onbestelbaar, inte levereras,
  inte leverera, att leverera, ikke leveres, ikke levert, ikke leveret, ei voitu toimittaa, ei voida toimittaa,
  nie mogła zostać dostarczona, nie można dostarczyć, nie została dostarczona, nie dostarczono, nelze doručit,
  nebyla doručena, nebylo možné doručit, kézbesíthetetlen, nem sikerült kézbesíteni, nem kézbesíthető, nu a putut fi,
  nu a fost livrat, teslim edilemedi, iletilemedi, gönderilemedi, δεν ήταν δυνατή η παράδοση, δεν παραδόθηκε,
  не может быть доставлено, не было доставлено, не доставлено, не удалось доставить, не вдалося доставити, не доставлен,
  配信できません, 配信不能, 配信できなかった, 配送できません, 配達できません, 送信できません, 送信に失敗, 送信されません,
  お届けできません, 届けることができません, 宛先不明, ユーザーが見つかりません, 无法送达, 无法发送, 无法投递, 投递失败,
  发送失败, 無法送達, 無法傳送, 無法遞送, 傳送失敗, 發送失敗, 退信, 被退回, 전송하지 못, 배달하지 못, 전송되지 못,
  전달하지 못, 전달되지 못, 보낼 수 없, 발송 실패, 전송 실패
`);
