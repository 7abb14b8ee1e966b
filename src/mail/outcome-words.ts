/** What became of a mail, in the words of the reports on it: data, in lower case, apostrophes straight. */
import { phraseList } from "./phrase-list";

/** The sending server goes on trying. */
export const delayWords = phraseList(`
  has been delayed, is delayed, been delayed, message delayed, delivery delayed, delayed for more than,
  delay in the delivery, not yet been delivered, has not yet received, have not yet received, not yet delivered,
  n't been delivered yet, be delivered yet, enqueued and undelivered, in the retry queue, will be retried,
  still being retried, continue trying, will keep trying, continue to try, continue to attempt,
  will continue to be attempted, will try again, keep trying to, attempts will continue, will be attempted until,
  delivery attempts will, message still undelivered, temporary failure report, warning message only, warning only,
  just a warning, only a warning, not need to resend, not need to re-send, n't need to resend,
  no action is required on your part, still trying to deliver, wird weiter versucht, verzögert, sera réessayé,
  a été retardé, se ha retrasado, è in ritardo, foi atrasada, is vertraagd, задерживается, 遅延, 延迟
`);

/** Words by which a report that speaks of delays says that it was the last. */
export const finalWords = phraseList(`
  given up, giving up, gave up, no longer be, will be deleted from queue, failed permanently, permanent error,
  permanent failure, permanent fatal, no further delivery, not going to try again, will not try again,
  will not continue trying, has been returned, being returned, returned to sender, undeliverable,
  has been removed from, was aborted, delivery has failed, following address(es) failed
`);

/** It did arrive. */
export const successWords = phraseList(`
  successfully delivered, was successfully relayed, successful delivery, delivered successfully, deliverable mail,
  has been successfully, successful mail delivery, relayed; expect no further
`);

/** Words of a failure that no report of a success has. */
export const notDeliveredWords = phraseList(`
  not be delivered, n't be delivered, not been delivered, not delivered, able to deliver, failed to deliver,
  undeliverable, undelivered, delivery failed, delivery has failed, permanent error, permanent fatal
`);
