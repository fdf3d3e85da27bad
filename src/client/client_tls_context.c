/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_tls_context.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#define ALPN_NAME "sunrpc"
#define ALPN_BYTES 256u

/* "What FILE: reason", with the first error that OpenSSL noted. */
static bool complain(char why[CLIENT_WHY_BYTES], const char *what, const char *file)
{
    unsigned long error = ERR_get_error();
    const char *reason = ERR_reason_error_string(error);

    if (ERR_SYSTEM_ERROR(error))
        reason = strerror(ERR_GET_REASON(error));
    (void)snprintf(why, CLIENT_WHY_BYTES, "%s %s: %s", what, file,
                   reason ? reason : "not understood");
    ERR_clear_error();
    return false;
}

static bool trust_load(SSL_CTX *ctx, const struct client_tls_wish *wish, char *why)
{
    if (wish->trust_any)
        return true;
    if (wish->ca)
        return SSL_CTX_load_verify_file(ctx, wish->ca) == 1 ||
               complain(why, "the CA file", wish->ca);
    return SSL_CTX_set_default_verify_paths(ctx) == 1 || complain(why, "the CAs", "of the system");
}

/* An EC key that claims to be that of `known`, and signs with another one: OpenSSL compares only
 * the public halves. */
static EVP_PKEY *key_pretend(EVP_PKEY *known)
{
    uint8_t point[256];
    char group[64];
    BIGNUM *secret = BN_new();
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;
    size_t point_len = 0;

    CHECK(secret && build && maker && BN_set_word(secret, 0x5ec2e7));
    if (EVP_PKEY_get_octet_string_param(known, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
                                        &point_len) == 1 &&
        EVP_PKEY_get_group_name(known, group, sizeof(group), NULL) == 1 &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, point_len) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret) &&
        (params = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(maker) == 1)
        (void)EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEYPAIR, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(maker);
    BN_free(secret);
    return key;
}

static bool key_load(SSL_CTX *ctx, const struct client_tls_wish *wish, char *why)
{
    const char *file = wish->key ? wish->key : wish->cert;
    EVP_PKEY *key;
    bool used;

    if (!wish->stolen_cert) {
        if (SSL_CTX_use_PrivateKey_file(ctx, file, SSL_FILETYPE_PEM) != 1)
            return complain(why, wish->key ? "the key file" : "no key is given, and none is in",
                            file);
        return SSL_CTX_check_private_key(ctx) == 1 || complain(why, "the key", file);
    }
    key = key_pretend(X509_get0_pubkey(SSL_CTX_get0_certificate(ctx)));
    used = key && SSL_CTX_use_PrivateKey(ctx, key) == 1;
    EVP_PKEY_free(key);
    return used || complain(why, "no key can be made for", wish->cert);
}

static bool own_load(SSL_CTX *ctx, const struct client_tls_wish *wish, char *why)
{
    if (!wish->cert)
        return true;
    if (SSL_CTX_use_certificate_chain_file(ctx, wish->cert) != 1)
        return complain(why, "the certificate file", wish->cert);
    return key_load(ctx, wish, why);
}

static bool alpn_set(SSL_CTX *ctx, const struct client_tls_wish *wish)
{
    const char *name = wish->alpn ? wish->alpn : ALPN_NAME;
    uint8_t list[ALPN_BYTES];
    size_t len = strlen(name);

    if (wish->no_alpn)
        return true;
    CHECK(len > 0 && len < sizeof(list));
    list[0] = (uint8_t)len;
    memcpy(list + 1, name, len);
    return SSL_CTX_set_alpn_protos(ctx, list, (unsigned)len + 1) == 0;
}

static bool protocol_set(SSL_CTX *ctx, const struct client_tls_wish *wish, char *why)
{
    const int version = wish->only_12 ? TLS1_2_VERSION : TLS1_3_VERSION;

    if (SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, version) != 1 || !alpn_set(ctx, wish))
        return complain(why, "TLS", "can't be set up");
    if (wish->suites && SSL_CTX_set_ciphersuites(ctx, wish->suites) != 1)
        return complain(why, "the cipher suites", wish->suites);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return true;
}

SSL_CTX *client_tls_context_create(const struct client_tls_wish *wish, char why[CLIENT_WHY_BYTES])
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    CHECK(ctx);
    ERR_clear_error();
    if (protocol_set(ctx, wish, why) && trust_load(ctx, wish, why) && own_load(ctx, wish, why))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}
