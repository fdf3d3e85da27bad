/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_export.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "tls/tls_chain.h"
#include "tls/tls_context_internal.h"
#include "tls/tls_verify.h"

/* ---- what the server shows ---- */

/* A copy of what was written; NULL without memory. */
static char *text_take(BIO *bio, bool written, size_t *len)
{
    char *data = NULL, *text = NULL;
    long held = written ? BIO_get_mem_data(bio, &data) : 0;

    if (held > 0)
        text = memory_alloc(MEMORY_connections, (size_t)held);
    if (text)
        memcpy(text, data, (size_t)held);
    *len = text ? (size_t)held : 0;
    BIO_free(bio);
    return text;
}

static bool chain_write(BIO *bio, SSL_CTX *settings)
{
    STACK_OF(X509) *others = NULL;
    bool written = bio && PEM_write_bio_X509(bio, SSL_CTX_get0_certificate(settings)) == 1;

    (void)SSL_CTX_get0_chain_certs(settings, &others);
    for (int i = 0; written && i < sk_X509_num(others); i++)
        written = PEM_write_bio_X509(bio, sk_X509_value(others, i)) == 1;
    return written;
}

static bool key_write(BIO *bio, SSL_CTX *settings)
{
    return bio && PEM_write_bio_PKCS8PrivateKey(bio, SSL_CTX_get0_privatekey(settings), NULL, NULL,
                                                0, NULL, NULL) == 1;
}

bool tls_export_pem(const struct tls_context *context, struct tls_pem *pem)
{
    SSL_CTX *settings = tls_context_settings(context);
    BIO *chain = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_secmem()); /* wiped when it is freed */

    pem->chain = text_take(chain, chain_write(chain, settings), &pem->chain_len);
    pem->key = text_take(key, key_write(key, settings), &pem->key_len);
    ERR_clear_error();
    if (pem->chain && pem->key)
        return true;
    tls_pem_fini(pem);
    return false;
}

void tls_pem_fini(struct tls_pem *pem)
{
    if (pem->key)
        explicit_bzero(pem->key, pem->key_len);
    memory_free(MEMORY_connections, pem->key);
    memory_free(MEMORY_connections, pem->chain);
    *pem = (struct tls_pem){0};
}

/* ---- what a client shows ---- */

static X509 *certificate_parse(const struct tls_der *der)
{
    const unsigned char *at = der->data;

    return der->len <= LIMIT_TLS_CHAIN_BYTES ? d2i_X509(NULL, &at, (long)der->len) : NULL;
}

/* False: a certificate cannot be read, or is too long. */
static bool chain_parse(const struct tls_der *certificates, size_t count, struct tls_chain *chain)
{
    bool parsed;

    chain->leaf = certificate_parse(&certificates[0]);
    chain->others = sk_X509_new_null();
    parsed = chain->leaf && chain->others;
    for (size_t i = 1; parsed && i < count; i++) {
        X509 *other = certificate_parse(&certificates[i]);

        parsed = other && sk_X509_push(chain->others, other) > 0;
        if (!parsed)
            X509_free(other);
    }
    return parsed;
}

bool tls_export_verify(const struct tls_context *context, const struct tls_der *certificates,
                       size_t count, enum tls_reason *reason, char *why, size_t size)
{
    int error = X509_V_ERR_UNSPECIFIED;
    struct tls_chain chain;
    bool parsed;

    CHECK(count > 0);
    parsed = chain_parse(certificates, count, &chain);
    if (parsed)
        error = tls_verify_chain(tls_context_settings(context), &chain);
    X509_free(chain.leaf);
    sk_X509_pop_free(chain.others, X509_free);
    ERR_clear_error();
    if (error == X509_V_OK)
        return true;
    *reason = tls_verify_reason(error);
    (void)snprintf(why, size, "%s",
                   parsed ? tls_verify_text(error)
                          : "the client's certificate cannot be read, or is too long");
    return false;
}
