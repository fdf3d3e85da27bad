/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_peer.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/limits.h"
#include "base/memory.h"
#include "tls/tls_chain.h"
#include "tls/tls_peer_internal.h"

enum {
    /* No text of a certificate is longer, escaped as it may be. */
    TEXT_BYTES = 4 * LIMIT_TLS_CHAIN_BYTES,
    SERIAL_BYTES = 20,
};

/* A peer and, behind it, its names and its texts.  Texts are collected in a buffer first: only then
 * is their length known. */
struct collector {
    char *text;
    size_t used;
    struct {
        enum tls_name_kind kind;
        size_t at;
    } names[LIMIT_TLS_NAMES];
    uint32_t name_count;
};

/* ---- texts ---- */

/* Where the text begins in the collector.  One that does not fit is "". */
static size_t collect(struct collector *c, const char *text, size_t len)
{
    size_t at = c->used;

    if (len + 1 > TEXT_BYTES - c->used)
        return c->used - 1; /* the end of the text before */
    memcpy(c->text + at, text, len);
    c->text[at + len] = '\0';
    c->used += len + 1;
    return at;
}

static size_t collect_bio(struct collector *c, BIO *bio, bool good)
{
    char *data = NULL;
    long len = good ? BIO_get_mem_data(bio, &data) : 0;
    size_t at = collect(c, data ? data : "", (size_t)len);

    BIO_free(bio);
    return at;
}

static size_t collect_dn(struct collector *c, const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());

    return collect_bio(c, bio, bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0);
}

static size_t collect_common_name(struct collector *c, const X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    BIO *bio = BIO_new(BIO_s_mem());
    const ASN1_STRING *value;

    if (at < 0)
        return collect_bio(c, bio, false);
    value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    return collect_bio(c, bio, bio && ASN1_STRING_print_ex(bio, value, ASN1_STRFLGS_RFC2253) >= 0);
}

/* ---- subjectAltName ---- */

static void name_add(struct collector *c, enum tls_name_kind kind, const char *text, size_t len)
{
    if (c->name_count == LIMIT_TLS_NAMES || TEXT_BYTES - c->used < len + 1)
        return;
    c->names[c->name_count].kind = kind;
    c->names[c->name_count++].at = collect(c, text, len);
}

/* Names with characters that no name has are there to deceive; wildcards are not allowed. */
static void name_add_text(struct collector *c, enum tls_name_kind kind, const ASN1_STRING *string)
{
    const char *text = (const char *)ASN1_STRING_get0_data(string);
    size_t len = (size_t)ASN1_STRING_length(string);

    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~' || (kind == TLS_NAME_DNS && text[i] == '*'))
            return;
    }
    name_add(c, kind, text, len);
}

static void name_add_ip(struct collector *c, const ASN1_STRING *string)
{
    int len = ASN1_STRING_length(string);
    char text[INET6_ADDRSTRLEN];

    if ((len == 4 || len == 16) &&
        inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(string), text, sizeof(text)))
        name_add(c, TLS_NAME_IP, text, strlen(text));
}

static void collect_names(struct collector *c, X509 *leaf)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        switch (name->type) {
        case GEN_DNS:
            name_add_text(c, TLS_NAME_DNS, name->d.dNSName);
            break;
        case GEN_URI:
            name_add_text(c, TLS_NAME_URI, name->d.uniformResourceIdentifier);
            break;
        case GEN_EMAIL:
            name_add_text(c, TLS_NAME_EMAIL, name->d.rfc822Name);
            break;
        case GEN_IPADD:
            name_add_ip(c, name->d.iPAddress);
            break;
        default:
            break;
        }
    }
    GENERAL_NAMES_free(names);
}

/* ---- numbers ---- */

static void hex(char *text, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sprintf(text + 2 * i, "%02x", data[i]);
    text[2 * len] = '\0';
}

static void serial_set(struct tls_peer *peer, X509 *leaf)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
    size_t len = (size_t)ASN1_STRING_length(serial);
    bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;

    /* One that is longer than RFC 5280 allows stays unknown. */
    if (len > SERIAL_BYTES)
        return;
    if (negative)
        peer->serial[0] = '-';
    hex(peer->serial + negative, ASN1_STRING_get0_data(serial), len);
}

static int64_t seconds(const ASN1_TIME *time)
{
    struct tm tm;

    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void numbers_set(struct tls_peer *peer, X509 *leaf)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    serial_set(peer, leaf);
    if (X509_digest(leaf, EVP_sha256(), digest, &len) == 1)
        hex(peer->fingerprint, digest, len);
    peer->not_before_s = seconds(X509_get0_notBefore(leaf));
    peer->not_after_s = seconds(X509_get0_notAfter(leaf));
}

/* ---- whose it is ---- */

static int names_compare(const void *a, const void *b)
{
    const struct tls_name *one = *(const struct tls_name *const *)a;
    const struct tls_name *two = *(const struct tls_name *const *)b;

    if (one->kind != two->kind)
        return one->kind < two->kind ? -1 : 1;
    return one->kind == TLS_NAME_DNS ? strcasecmp(one->text, two->text)
                                     : strcmp(one->text, two->text);
}

/* DNS names in lower case, as they compare. */
static bool name_digest(const struct tls_name *name, EVP_MD_CTX *digest)
{
    const char *kind = tls_name_kind_text(name->kind), *text = name->text;
    bool good = EVP_DigestUpdate(digest, kind, strlen(kind) + 1) == 1;

    do {
        bool upper = name->kind == TLS_NAME_DNS && *text >= 'A' && *text <= 'Z';
        char c = (char)(upper ? *text | 0x20 : *text);

        good = good && EVP_DigestUpdate(digest, &c, 1) == 1;
    } while (*text++);
    return good;
}

/* Without the issuer: a machine may change its CA, and whoever is in the CA file names machines.
 * In any order: a CA may change that, too. */
static bool names_digest(const struct tls_peer *peer, EVP_MD_CTX *digest)
{
    bool good = EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    const struct tls_name *sorted[LIMIT_TLS_NAMES];

    if (peer->name_count == 0)
        return good && EVP_DigestUpdate(digest, peer->subject, strlen(peer->subject)) == 1;
    for (uint32_t i = 0; i < peer->name_count; i++)
        sorted[i] = &peer->names[i];
    qsort(sorted, peer->name_count, sizeof(sorted[0]), names_compare);
    for (uint32_t i = 0; i < peer->name_count && good; i++)
        good = name_digest(sorted[i], digest);
    return good;
}

/* False without memory. */
static bool machine_set(struct tls_peer *peer)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t hash[EVP_MAX_MD_SIZE];
    bool good = digest && names_digest(peer, digest) && EVP_DigestFinal_ex(digest, hash, NULL) == 1;

    EVP_MD_CTX_free(digest);
    if (!good)
        return false;
    memcpy(&peer->machine, hash, sizeof(peer->machine));
    peer->machine |= 1; /* 0 is for those without a certificate */
    return true;
}

/* ---- life ---- */

static struct tls_chain *chain_create(SSL *ssl, X509 *leaf)
{
    struct tls_chain *chain = memory_zalloc(MEMORY_connections, sizeof(*chain));
    STACK_OF(X509) *others = SSL_get_peer_cert_chain(ssl);

    if (!chain)
        return NULL;
    chain->leaf = X509_up_ref(leaf) == 1 ? leaf : NULL;
    chain->others = others ? X509_chain_up_ref(others) : NULL;
    return chain;
}

static void chain_destroy(struct tls_chain *chain)
{
    if (!chain)
        return;
    X509_free(chain->leaf);
    sk_X509_pop_free(chain->others, X509_free);
    memory_free(MEMORY_connections, chain);
}

/* The peer of a certificate.  NULL without memory. */
static struct tls_peer *peer_of(struct collector *c, SSL *ssl, X509 *leaf)
{
    size_t none = collect(c, "", 0);
    size_t subject = leaf ? collect_dn(c, X509_get_subject_name(leaf)) : none;
    size_t issuer = leaf ? collect_dn(c, X509_get_issuer_name(leaf)) : none;
    size_t common = leaf ? collect_common_name(c, X509_get_subject_name(leaf)) : none;
    struct tls_peer *peer;
    struct tls_name *names;
    char *text;

    if (leaf)
        collect_names(c, leaf);
    peer =
        memory_zalloc(MEMORY_connections, sizeof(*peer) + c->name_count * sizeof(*names) + c->used);
    if (!peer)
        return NULL;
    names = (struct tls_name *)(peer + 1);
    text = (char *)(names + c->name_count);
    memcpy(text, c->text, c->used);
    for (uint32_t i = 0; i < c->name_count; i++)
        names[i] = (struct tls_name){.kind = c->names[i].kind, .text = text + c->names[i].at};
    peer->has_certificate = leaf != NULL;
    peer->subject = text + subject;
    peer->issuer = text + issuer;
    peer->common_name = text + common;
    peer->names = names;
    peer->name_count = c->name_count;
    snprintf(peer->version, sizeof(peer->version), "%s", SSL_get_version(ssl));
    snprintf(peer->suite, sizeof(peer->suite), "%s", SSL_get_cipher_name(ssl));
    return peer;
}

struct tls_peer *tls_peer_create(SSL *ssl)
{
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    struct collector *c = memory_zalloc(MEMORY_connections, sizeof(*c));
    struct tls_peer *peer = NULL;

    if (c)
        c->text = memory_alloc(MEMORY_connections, TEXT_BYTES);
    if (c && c->text)
        peer = peer_of(c, ssl, leaf);
    if (c)
        memory_free(MEMORY_connections, c->text);
    memory_free(MEMORY_connections, c);
    if (peer && leaf) {
        numbers_set(peer, leaf);
        peer->chain = chain_create(ssl, leaf);
    }
    ERR_clear_error();
    if (!peer || !leaf || (peer->chain && peer->chain->leaf && machine_set(peer)))
        return peer;
    tls_peer_destroy(peer);
    return NULL;
}

void tls_peer_destroy(struct tls_peer *peer)
{
    if (!peer)
        return;
    chain_destroy(peer->chain);
    memory_free(MEMORY_connections, peer);
}

const char *tls_name_kind_text(enum tls_name_kind kind)
{
    static const char *const texts[TLS_NAME_KINDS] = {
        [TLS_NAME_DNS] = "DNS",
        [TLS_NAME_IP] = "IP",
        [TLS_NAME_URI] = "URI",
        [TLS_NAME_EMAIL] = "EMAIL",
    };

    return texts[kind];
}
