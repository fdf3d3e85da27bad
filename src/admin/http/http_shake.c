/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_shake.h"

#include <gnutls/gnutls.h>
#include <stdio.h>

#include "admin/http/http_tls_internal.h"
#include "base/limits.h"
#include "tls/tls_export.h"

/* ---- clients' certificates ---- */

static gnutls_alert_description_t alert_of(enum tls_reason reason)
{
    switch (reason) {
    case TLS_REASON_UNTRUSTED:
        return GNUTLS_A_UNKNOWN_CA;
    case TLS_REASON_EXPIRED:
        return GNUTLS_A_CERTIFICATE_EXPIRED;
    case TLS_REASON_REVOKED:
        return GNUTLS_A_CERTIFICATE_REVOKED;
    default:
        return GNUTLS_A_BAD_CERTIFICATE;
    }
}

static bool refuse(struct http_shake *shake, const char *why, gnutls_alert_description_t alert,
                   gnutls_alert_description_t *said)
{
    (void)snprintf(shake->why, sizeof(shake->why), "%s", why);
    *said = alert;
    return false;
}

/* Is what the client has shown good?  If not, `shake->why`, and the alert that tells the client. */
static bool client_verify(struct http_shake *shake, gnutls_session_t session,
                          const struct http_tls *tls, gnutls_alert_description_t *alert)
{
    struct tls_der certificates[LIMIT_TLS_CHAIN + 1];
    char why[HTTP_SHAKE_WHY_BYTES];
    const gnutls_datum_t *shown;
    enum tls_reason reason;
    unsigned count = 0;

    shown = gnutls_certificate_get_peers(session, &count);
    if (!shown || count == 0)
        return refuse(shake, "the client has shown no certificate", GNUTLS_A_CERTIFICATE_REQUIRED,
                      alert);
    if (count > LIMIT_TLS_CHAIN + 1)
        return refuse(shake, "the chain of the client's certificate is too long",
                      GNUTLS_A_BAD_CERTIFICATE, alert);
    for (unsigned i = 0; i < count; i++)
        certificates[i] = (struct tls_der){shown[i].data, shown[i].size};
    return tls_export_verify(http_tls_context(tls), certificates, count, &reason, why,
                             sizeof(why)) ||
           refuse(shake, why, alert_of(reason), alert);
}

/* libmicrohttpd would send no alert. */
static int verify_in_handshake(gnutls_session_t session)
{
    struct http_shake *shake = gnutls_session_get_ptr(session);
    gnutls_alert_description_t alert;

    if (client_verify(shake, session, shake->tls, &alert))
        return 0;
    shake->stage = HTTP_SHAKE_REFUSED;
    (void)gnutls_alert_send(session, GNUTLS_AL_FATAL, alert);
    return GNUTLS_E_CERTIFICATE_ERROR;
}

static gnutls_session_t session_of(struct MHD_Connection *conn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    return info ? info->tls_session : NULL;
}

bool http_shake_verify(struct http_shake *shake, struct MHD_Connection *conn,
                       const struct http_tls *tls)
{
    gnutls_alert_description_t unsaid;

    if (!http_tls_is_mutual(tls) || shake->tls == tls)
        return true;
    if (shake->stage == HTTP_SHAKE_DONE)
        return client_verify(shake, session_of(conn), tls, &unsaid);
    /* Its certificate will be judged, or has been, by what the session began with. */
    shake->stage = HTTP_SHAKE_REFUSED;
    return refuse(shake, "the certificates were read again during the handshake",
                  GNUTLS_A_USER_CANCELED, &unsaid);
}

/* ---- the handshake ---- */

static int message_seen(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                        const gnutls_datum_t *message)
{
    struct http_shake *shake = gnutls_session_get_ptr(session);

    (void)when;
    (void)message;
    if (shake->stage == HTTP_SHAKE_REFUSED)
        return 0;
    if (incoming && type == GNUTLS_HANDSHAKE_CLIENT_HELLO)
        shake->stage = HTTP_SHAKE_HELLO;
    else if (incoming && type == GNUTLS_HANDSHAKE_FINISHED)
        shake->stage = HTTP_SHAKE_DONE;
    return 0;
}

/* The certificate is that of the connection, not the one that libmicrohttpd was started with.  It
 * uses the session's pointer only for pre-shared keys. */
bool http_shake_begin(struct http_shake *shake, struct MHD_Connection *conn, struct http_tls *tls)
{
    gnutls_session_t session = session_of(conn);

    shake->tls = tls;
    if (!session || gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                                           http_tls_credentials(tls)) != GNUTLS_E_SUCCESS)
        return false;
    gnutls_session_set_ptr(session, shake);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST,
                                       message_seen);
    gnutls_handshake_set_max_packet_length(session, LIMIT_TLS_CHAIN_BYTES);
    if (http_tls_is_mutual(tls)) {
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
        gnutls_session_set_verify_function(session, verify_in_handshake);
    }
    return true;
}

const char *http_shake_end(struct http_shake *shake)
{
    bool had_tls = shake->tls != NULL;

    http_tls_put(shake->tls);
    shake->tls = NULL;
    if (!had_tls || shake->stage == HTTP_SHAKE_DONE)
        return NULL;
    if (shake->stage == HTTP_SHAKE_REFUSED)
        return shake->why;
    if (shake->stage == HTTP_SHAKE_HELLO)
        return "the handshake did not end: the client refuses the server's certificate, went away, "
               "or sent what is no TLS";
    return "no TLS 1.3 handshake began: the client speaks an older TLS, something else, or nothing";
}
