/** The media types by which the parts of a report are known. */

/** RFC 3464, and its form for addresses that are not ASCII (RFC 6533). */
export const STATUS_TYPE = /^message\/(?:global-)?delivery-status$/;
/** RFC 8098, and RFC 6533. */
export const DISPOSITION_TYPE = /^message\/(?:global-)?disposition-notification$/;
/** A returned mail or its header (RFC 3462, RFC 6522), also as MTAs call them that have not read it. */
export const RETURNED_TYPE =
  /^(?:message\/(?:rfc822|rfc822-headers|global|global-headers|partial)|text\/rfc822(?:-headers)?)$/;
