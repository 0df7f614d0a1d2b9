/** The node's certificate cannot be followed to an authority that is trusted here. */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "shows a certificate that has expired. Renew it there; if it is new, look at this machine's clock",
  CERT_NOT_YET_VALID: "shows a certificate that is not valid yet. Look at the clocks of both machines",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "shows a certificate that is for other names. Name the node as its certificate does, or make it one for this name",
};

/** How a plain answer looks to who expects TLS. */
const NO_TLS = /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE)$/;
const ENDED = /^(?:ECONNRESET|EPIPE|ERR_SOCKET_CLOSED)$/;

/** What this end brought along. */
export interface OwnTls {
  readonly isEncrypted: boolean;
  readonly hasCertificate: boolean;
}

/**
 * Says why a connection to a node failed, where that has to do with TLS: what the node does, and what to do about it.
 *
 * @returns words for "The node at … <words>."; `undefined` when it is no matter of TLS
 */
export function describeTlsFailure(error: unknown, { isEncrypted, hasCertificate }: OwnTls): string | undefined {
  const { code = "" } = (error ?? {}) as NodeJS.ErrnoException;
  if (!isEncrypted) {
    if (!ENDED.test(code)) return undefined;
    return "ends the connection without an answer. If it speaks TLS, name it as https://HOST:PORT";
  }
  if (UNKNOWN_AUTHORITY.has(code))
    return "shows a certificate of an authority that is not known here. Name the authority's file with --ca";
  if (Object.hasOwn(WORDS, code)) return WORDS[code];
  if (NO_TLS.test(code) || code === "EPROTO")
    return "does not speak TLS. Name it without https://, --ca, --cert and --key";
  if (/^ERR_SSL_.*ALERT_CERTIFICATE_EXPIRED$/.test(code))
    return "refuses this client's certificate, which has expired. Renew it";
  // A node that does not like a certificate may just end the connection: what it says before is lost with it.
  if (!(/^ERR_SSL_.*ALERT/.test(code) || ENDED.test(code))) return undefined;
  return hasCertificate
    ? "ends the connection: it seems not to take this client's certificate. Look at who signed it, and until when it is valid"
    : "ends the connection: it seems to want a certificate of its clients. Give --cert and --key";
}
