/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_verify.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/limits.h"
#include "tls/tls_chain.h"

/* Of RFC 9289 5.2.1. */
static const char client_usage[] = "1.3.6.1.5.5.7.3.33";

/* ---- what it may be used for ---- */

static bool usage_is_client(const ASN1_OBJECT *usage)
{
    char text[64];

    switch (OBJ_obj2nid(usage)) {
    case NID_client_auth:
    case NID_anyExtendedKeyUsage:
        return true;
    default:
        return OBJ_obj2txt(text, sizeof(text), usage, 1) > 0 && strcmp(text, client_usage) == 0;
    }
}

/* Without the extension it may be used for anything. */
static bool may_be_client(X509 *leaf)
{
    int critical;
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(leaf, NID_ext_key_usage, &critical, NULL);
    bool may = false;

    if (!usages)
        return critical == -1; /* else it is there twice, or misformed */
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages) && !may; i++)
        may = usage_is_client(sk_ASN1_OBJECT_value(usages, i));
    EXTENDED_KEY_USAGE_free(usages);
    return may;
}

/* A CA that has published no list has revoked nothing. */
static int pass_without_crl(int good, X509_STORE_CTX *verification)
{
    if (!good && X509_STORE_CTX_get_error(verification) == X509_V_ERR_UNABLE_TO_GET_CRL) {
        X509_STORE_CTX_set_error(verification, X509_V_OK);
        return 1;
    }
    return good;
}

static int verify(X509_STORE_CTX *verification, void *unused)
{
    (void)unused;
    X509_STORE_CTX_set_verify_cb(verification, pass_without_crl);
    if (X509_verify_cert(verification) <= 0) {
        if (X509_STORE_CTX_get_error(verification) == X509_V_OK)
            X509_STORE_CTX_set_error(verification, X509_V_ERR_UNSPECIFIED);
        return 0;
    }
    if (may_be_client(X509_STORE_CTX_get0_cert(verification)))
        return 1;
    X509_STORE_CTX_set_error(verification, X509_V_ERR_INVALID_PURPOSE);
    return 0;
}

/* ---- verifying ---- */

bool tls_verify_set_up(SSL_CTX *settings, bool with_crl)
{
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(settings);
    unsigned long flags = 0;

    if (with_crl)
        flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    X509_VERIFY_PARAM_set_depth(parameters, LIMIT_TLS_CHAIN);
    SSL_CTX_set_verify(settings, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(settings, verify, NULL);
    return X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY) == 1 &&
           X509_VERIFY_PARAM_set_flags(parameters, flags) == 1;
}

int tls_verify_chain(SSL_CTX *settings, const struct tls_chain *chain)
{
    X509_STORE_CTX *verification = X509_STORE_CTX_new();
    int error = X509_V_ERR_OUT_OF_MEM;

    if (verification && X509_STORE_CTX_init(verification, SSL_CTX_get_cert_store(settings),
                                            chain->leaf, chain->others) == 1) {
        /* As OpenSSL does for a session. */
        X509_STORE_CTX_set_default(verification, "ssl_client");
        X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(verification),
                               SSL_CTX_get0_param(settings));
        error = verify(verification, NULL) ? X509_V_OK : X509_STORE_CTX_get_error(verification);
    }
    X509_STORE_CTX_free(verification);
    return error;
}

bool tls_verify_is_anchor(X509 *cert)
{
    return (X509_get_extension_flags(cert) & EXFLAG_SS) != 0 || X509_trusted(cert);
}

/* ---- in words ---- */

const char *tls_verify_text(int error)
{
    switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "the client's certificate is not signed by a CA of the tls.ca file, "
               "or an intermediate certificate is missing";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "the client's certificate is signed by itself";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "the client's certificate, or one of its chain, has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "the client's certificate is not valid yet, or a clock is wrong";
    case X509_V_ERR_CERT_REVOKED:
        return "the client's certificate is revoked";
    case X509_V_ERR_CRL_HAS_EXPIRED:
        return "the revocation list is out of date";
    case X509_V_ERR_CRL_NOT_YET_VALID:
        return "the revocation list is not valid yet, or a clock is wrong";
    case X509_V_ERR_INVALID_CA:
        return "the client's certificate is signed by one that is no CA";
    case X509_V_ERR_INVALID_PURPOSE:
        return "the client's certificate is not for clients (extended key usage)";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
        return "the key of the client's certificate, or of its CA, is too short";
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return "the client's certificate is signed with a digest that is too weak";
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
        return "the chain of the client's certificate is too long";
    default:
        return X509_verify_cert_error_string(error);
    }
}

enum tls_reason tls_verify_reason(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return TLS_REASON_EXPIRED;
    case X509_V_ERR_CERT_REVOKED:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
        return TLS_REASON_REVOKED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_PURPOSE:
        return TLS_REASON_UNTRUSTED;
    case X509_V_ERR_OUT_OF_MEM:
        return TLS_REASON_MEMORY;
    default:
        return TLS_REASON_CERTIFICATE;
    }
}
