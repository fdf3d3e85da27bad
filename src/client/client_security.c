/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_security.h"

#include <string.h>

#include "client/client_target.h"
#include "wire/nfs4_const.h"

static const char *const sec_names[] = {"sys", "none", "krb5", "krb5i", "krb5p"};
static const char *const xprtsec_names[] = {"none", "tls", "mtls"};

static bool name_parse(const char *const *names, size_t count, const char *text, size_t *index)
{
    for (*index = 0; *index < count; (*index)++)
        if (strcmp(names[*index], text) == 0)
            return true;
    return false;
}

bool client_sec_parse(const char *text, enum client_sec *sec)
{
    size_t index;
    bool known = name_parse(sec_names, sizeof(sec_names) / sizeof(*sec_names), text, &index);

    if (known)
        *sec = (enum client_sec)index;
    return known;
}

bool client_xprtsec_parse(const char *text, enum client_xprtsec *xprtsec)
{
    size_t index;
    bool known =
        name_parse(xprtsec_names, sizeof(xprtsec_names) / sizeof(*xprtsec_names), text, &index);

    if (known)
        *xprtsec = (enum client_xprtsec)index;
    return known;
}

const char *client_sec_name(enum client_sec sec)
{
    return sec_names[sec];
}

const char *client_xprtsec_name(enum client_xprtsec xprtsec)
{
    return xprtsec_names[xprtsec];
}

/* The host of HOST:PORT or [ADDR6]:PORT. */
static void host_of(const char *target, char host[CLIENT_TARGET_BYTES])
{
    const char *colon = strrchr(target, ':');
    size_t len = colon ? (size_t)(colon - target) : strlen(target);

    if (len > 1 && target[0] == '[' && target[len - 1] == ']') {
        target++;
        len -= 2;
    }
    if (len >= CLIENT_TARGET_BYTES)
        len = CLIENT_TARGET_BYTES - 1;
    memcpy(host, target, len);
    host[len] = '\0';
}

static enum client_status tls_begin(struct client_conn *conn, const char *host,
                                    const struct client_security *security)
{
    struct client_tls_wish wish = security->tls;

    if (!wish.name && !wish.trust_any)
        wish.name = host;
    if (security->xprtsec == CLIENT_XPRTSEC_TLS)
        wish.cert = wish.key = NULL;
    return client_tls_open(conn, &wish, conn->why);
}

static enum client_status gss_begin(struct client_conn *conn, const char *host,
                                    const struct client_security *security)
{
    static const uint32_t services[] = {RPC_GSS_SVC_NONE, RPC_GSS_SVC_INTEGRITY,
                                        RPC_GSS_SVC_PRIVACY};
    const uint32_t service = services[security->sec - CLIENT_SEC_KRB5];
    struct client_gss_wish wish = security->gss;
    struct client_gss *gss = security->context;
    enum client_status status = CLIENT_OK;

    if (!wish.server)
        wish.server = host;
    if (!gss)
        status = client_gss_open(conn, &wish, &gss, conn->why);
    if (status != CLIENT_OK)
        return status;
    client_gss_use(conn, gss, service);
    conn->gss_own = gss != security->context;
    if (conn->gss_own)
        client_gss_put(gss);
    return CLIENT_OK;
}

enum client_status client_security_begin(struct client_conn *conn, const char *target,
                                         const struct client_security *security)
{
    char host[CLIENT_TARGET_BYTES];
    enum client_status status = CLIENT_OK;

    conn->why[0] = '\0';
    if (!security)
        return CLIENT_OK;
    host_of(target, host);
    conn->cred.none = security->sec == CLIENT_SEC_NONE;
    if (security->xprtsec != CLIENT_XPRTSEC_NONE)
        status = tls_begin(conn, host, security);
    if (status == CLIENT_OK && security->sec >= CLIENT_SEC_KRB5)
        status = gss_begin(conn, host, security);
    return status;
}

void client_security_end(struct client_conn *conn)
{
    if (conn->gss_own && conn->fd >= 0)
        (void)client_gss_destroy(conn, conn->gss);
    conn->gss_own = false;
}
