/* SPDX-License-Identifier: Apache-2.0 */
/* What another TLS library gets of a context: the same certificates and key, and the same judgement
 * of clients' certificates, which come as bytes from the network. */
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "lib/pki.h"
#include "lib/test.h"
#include "tls/tls_context.h"
#include "tls/tls_export.h"

enum {
    CERTIFICATES = 3,
    FILE_BYTES = 4096,
    GARBAGE_BYTES = 200,
};

static struct pki pki;

static int setup(void **state)
{
    (void)state;
    pki_create(&pki);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pki_destroy(&pki);
    return 0;
}

static struct tls_context *context_of(const char *cert, const char *key, const char *crl)
{
    char path[4][PKI_PATH_BYTES], why[TLS_WHY_BYTES];
    const struct tls_files files = {.cert = pki_path(&pki, cert, path[0]),
                                    .key = pki_path(&pki, key, path[1]),
                                    .ca = pki_path(&pki, "ca.pem", path[2]),
                                    .crl = crl ? pki_path(&pki, crl, path[3]) : NULL};
    struct tls_context *context = tls_context_create(&files, why, sizeof(why));

    assert_non_null(context);
    return context;
}

/* All of it. */
static size_t file_read(const char *name, char data[FILE_BYTES])
{
    char path[PKI_PATH_BYTES];
    FILE *file = fopen(pki_path(&pki, name, path), "re");
    size_t len;

    assert_non_null(file);
    len = fread(data, 1, FILE_BYTES, file);
    assert_in_range(len, 1, FILE_BYTES - 1);
    assert_int_equal(fclose(file), 0);
    return len;
}

static void the_files(void **state)
{
    struct tls_context *context = context_of("chain.pem", "chain.key", NULL);
    char chain[FILE_BYTES], key[FILE_BYTES];
    struct tls_pem pem;

    (void)state;
    assert_true(tls_export_pem(context, &pem));
    assert_int_equal(pem.chain_len, file_read("chain.pem", chain));
    assert_memory_equal(pem.chain, chain, pem.chain_len);
    assert_int_equal(pem.key_len, file_read("chain.key", key));
    assert_memory_equal(pem.key, key, pem.key_len);
    tls_pem_fini(&pem);
    assert_null(pem.key);
    tls_pem_fini(&pem);
    tls_context_put(context);
}

/* The certificates of a file, in DER.  OPENSSL_free() them. */
static size_t chain_read(const char *name, struct tls_der chain[CERTIFICATES])
{
    char path[PKI_PATH_BYTES];
    FILE *file = fopen(pki_path(&pki, name, path), "re");
    size_t count = 0;
    X509 *one;

    assert_non_null(file);
    while (count < CERTIFICATES && (one = PEM_read_X509(file, NULL, NULL, NULL))) {
        unsigned char *data = NULL;
        int len = i2d_X509(one, &data);

        assert_true(len > 0);
        chain[count++] = (struct tls_der){data, (size_t)len};
        X509_free(one);
    }
    assert_int_equal(fclose(file), 0);
    return count;
}

static bool verify(const struct tls_context *context, const char *name, enum tls_reason *reason,
                   char *why)
{
    struct tls_der chain[CERTIFICATES];
    size_t count = chain_read(name, chain);
    bool good = tls_export_verify(context, chain, count, reason, why, TLS_WHY_BYTES);

    for (size_t i = 0; i < count; i++)
        OPENSSL_free((void *)(uintptr_t)chain[i].data);
    return good;
}

static void clients(void **state)
{
    static const char *const good[] = {"client1.pem", "client-rpc.pem", "client-any.pem",
                                       "nosan.pem", "chain.pem"};
    static const struct {
        const char *name;
        enum tls_reason reason;
        const char *words;
    } bad[] = {
        {"revoked.pem", TLS_REASON_REVOKED, "is revoked"},
        {"old.pem", TLS_REASON_EXPIRED, "has expired"},
        {"future.pem", TLS_REASON_EXPIRED, "not valid yet"},
        {"rogue.pem", TLS_REASON_UNTRUSTED, "not signed by a CA"},
        {"self.pem", TLS_REASON_UNTRUSTED, "by itself"},
        {"forged.pem", TLS_REASON_UNTRUSTED, "no CA"},
        {"chain-leaf.pem", TLS_REASON_UNTRUSTED, "intermediate certificate is missing"},
        {"client-server-only.pem", TLS_REASON_UNTRUSTED, "not for clients"},
        {"long.pem", TLS_REASON_CERTIFICATE, "is too long"},
    };
    struct tls_context *context = context_of("server.pem", "server.key", "revoked.crl");
    enum tls_reason reason;
    char why[TLS_WHY_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(verify(context, good[i], &reason, why));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(verify(context, bad[i].name, &reason, why));
        assert_int_equal(reason, bad[i].reason);
        assert_non_null(strstr(why, bad[i].words));
    }
    tls_context_put(context);
}

static void garbage(void **state)
{
    struct tls_context *context = context_of("server.pem", "server.key", NULL);
    uint8_t noise[GARBAGE_BYTES];
    struct tls_der chain[CERTIFICATES + 1];
    size_t count = chain_read("chain.pem", chain);
    enum tls_reason reason;
    char why[TLS_WHY_BYTES];

    (void)state;
    memset(noise, 0x30, sizeof(noise));
    for (size_t len = 0; len <= sizeof(noise); len += 40) {
        struct tls_der one = {noise, len};

        assert_false(tls_export_verify(context, &one, 1, &reason, why, sizeof(why)));
    }
    chain[count] = (struct tls_der){noise, sizeof(noise)};
    assert_true(tls_export_verify(context, chain, count, &reason, why, sizeof(why)));
    assert_false(tls_export_verify(context, chain, count + 1, &reason, why, sizeof(why)));
    for (size_t i = 0; i < count; i++)
        OPENSSL_free((void *)(uintptr_t)chain[i].data);
    tls_context_put(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files),
        cmocka_unit_test(clients),
        cmocka_unit_test(garbage),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
