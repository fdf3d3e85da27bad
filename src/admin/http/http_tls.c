/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_tls.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "admin/http/http_tls_internal.h"
#include "base/memory.h"
#include "tls/tls_context.h"
#include "tls/tls_export.h"

struct http_tls {
    _Atomic uint32_t refs; /* of the server, and of each connection that began with it */
    struct tls_context *context;
    gnutls_certificate_credentials_t credentials;
    bool mutual;
};

/* The same suites and groups as NFS has (tls_context.c). */
const char http_tls_priorities[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-X448:+GROUP-SECP384R1:+GROUP-SECP521R1:"
    "%SERVER_PRECEDENCE";

bool http_tls_is_built(void)
{
    return MHD_is_feature_supported(MHD_FEATURE_TLS) == MHD_YES;
}

/* A status of GnuTLS. */
static int pem_load(struct http_tls *tls)
{
    gnutls_datum_t chain, key;
    struct tls_pem pem;
    int status;

    if (!tls_export_pem(tls->context, &pem))
        return GNUTLS_E_MEMORY_ERROR;
    chain = (gnutls_datum_t){(unsigned char *)pem.chain, (unsigned)pem.chain_len};
    key = (gnutls_datum_t){(unsigned char *)pem.key, (unsigned)pem.key_len};
    status = gnutls_certificate_set_x509_key_mem2(tls->credentials, &chain, &key,
                                                  GNUTLS_X509_FMT_PEM, NULL, 0);
    tls_pem_fini(&pem);
    return status;
}

struct http_tls *http_tls_create(struct tls_context *context, bool mutual, char *why, size_t size)
{
    struct http_tls *tls = memory_zalloc(MEMORY_admin, sizeof(*tls));
    int status = GNUTLS_E_MEMORY_ERROR;

    if (tls) {
        atomic_init(&tls->refs, 1);
        tls->context = tls_context_get(context);
        tls->mutual = mutual;
        status = gnutls_certificate_allocate_credentials(&tls->credentials);
    }
    if (status == GNUTLS_E_SUCCESS)
        status = pem_load(tls);
    if (status >= 0)
        return tls;
    (void)snprintf(why, size, "the admin endpoint cannot use the certificate or its key: %s",
                   gnutls_strerror(status));
    http_tls_put(tls);
    return NULL;
}

struct http_tls *http_tls_get(struct http_tls *tls)
{
    atomic_fetch_add_explicit(&tls->refs, 1, memory_order_relaxed);
    return tls;
}

void http_tls_put(struct http_tls *tls)
{
    if (!tls || atomic_fetch_sub_explicit(&tls->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (tls->credentials)
        gnutls_certificate_free_credentials(tls->credentials);
    tls_context_put(tls->context);
    memory_free(MEMORY_admin, tls);
}

gnutls_certificate_credentials_t http_tls_credentials(const struct http_tls *tls)
{
    return tls->credentials;
}

const struct tls_context *http_tls_context(const struct http_tls *tls)
{
    return tls->context;
}

bool http_tls_is_mutual(const struct http_tls *tls)
{
    return tls->mutual;
}

int http_tls_none(gnutls_session_t session, const gnutls_datum_t *authorities, int count,
                  const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                  gnutls_pcert_st **chain, unsigned *chain_len, gnutls_privkey_t *key)
{
    (void)session;
    (void)authorities;
    (void)count;
    (void)algorithms;
    (void)algorithm_count;
    (void)chain;
    (void)chain_len;
    (void)key;
    return -1;
}
