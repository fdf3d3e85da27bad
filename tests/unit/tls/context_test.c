/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a server cannot speak TLS with are refused, in words that name the file. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/check.h"
#include "lib/pki.h"
#include "lib/test.h"
#include "tls/tls_context.h"

static struct pki pki;

static int setup(void **state)
{
    char command[512];

    (void)state;
    pki_create(&pki);
    snprintf(command, sizeof(command),
             "cd %s && cat middle.pem ca.pem >both.pem && "
             "openssl x509 -in middle.pem -addtrust clientAuth -out trusted.pem",
             pki.dir);
    return system(command);
}

static int teardown(void **state)
{
    (void)state;
    pki_destroy(&pki);
    return 0;
}

/* A context of these files; NULL or "" for what is wrong. */
static struct tls_context *context_of(const char *const names[4], char *why)
{
    char path[4][PKI_PATH_BYTES];
    struct tls_files files = {
        .cert = pki_path(&pki, names[0], path[0]),
        .key = pki_path(&pki, names[1], path[1]),
        .ca = names[2] ? pki_path(&pki, names[2], path[2]) : NULL,
        .crl = names[3] ? pki_path(&pki, names[3], path[3]) : NULL,
    };

    why[0] = '\0';
    return tls_context_create(&files, why, TLS_WHY_BYTES);
}

static void good_files(void **state)
{
    static const char *const sets[][4] = {
        {"server.pem", "server.key"},
        {"server.pem", "server.key", "ca.pem"},
        {"server.pem", "server.key", "ca.pem", "revoked.crl"},
        {"server-rpc.pem", "server-rpc.key", "ca.pem", "none.crl"},
        {"chain.pem", "chain.key", "ca.pem", "old.crl"},
        {"server.pem", "server.key", "both.pem"},
        {"server.pem", "server.key", "trusted.pem"}, /* an intermediate one, but the file says so */
        {"old.pem", "old.key", "ca.pem"},            /* its clients notice; plain ones need not */
    };
    char why[TLS_WHY_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        struct tls_context *context = context_of(sets[i], why);

        assert_string_equal(why, "");
        assert_non_null(context);
        assert_ptr_equal(tls_context_get(context), context);
        tls_context_put(context);
        tls_context_put(context);
    }
    tls_context_put(NULL);
}

static void bad_files(void **state)
{
    static const struct {
        const char *names[4];
        const char *words[2];
    } sets[] = {
        {{"none.pem", "server.key"}, {"none.pem", "No such file"}},
        {{"server.key", "server.key"}, {"server.key", "no certificate"}},
        {{"server.pem", "none.key"}, {"none.key", "No such file"}},
        {{"server.pem", "server.pem"}, {"server.pem", "no key"}},
        {{"server.pem", "server2.key"}, {"server2.key", "does not belong to"}},
        {{"server.pem", "locked.key"}, {"locked.key", "password"}},
        {{"server.pem", "server.key", "none.pem"}, {"none.pem", "No such file"}},
        {{"server.pem", "server.key", "server.key"}, {"server.key", "no CA certificate"}},
        {{"server.pem", "server.key", "middle.pem"}, {"middle.pem", "only intermediate"}},
        {{"server.pem", "server.key", "ca.pem", "ca.pem"}, {"ca.pem", "no revocation list"}},
        {{"server.pem", "server.key", "ca.pem", "none.pem"}, {"none.pem", "No such file"}},
        /* Nobody writes to it: whoever reads it waits for ever. */
        {{"fifo", "server.key"}, {"fifo", "no regular file"}},
        {{"server.pem", "fifo"}, {"fifo", "no regular file"}},
        {{"server.pem", "server.key", "fifo"}, {"fifo", "no regular file"}},
        {{"server.pem", "server.key", "ca.pem", "fifo"}, {"fifo", "no regular file"}},
        {{"server.pem", "server.key", "ca.pem", "endless"}, {"endless", "longer than"}},
    };
    char command[512], why[TLS_WHY_BYTES];

    (void)state;
    snprintf(command, sizeof(command),
             "openssl pkey -in %s/server.key -aes128 -passout pass:secret -out %s/locked.key",
             pki.dir, pki.dir);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command), "mkfifo %s/fifo && truncate -s 1G %s/endless", pki.dir,
             pki.dir);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        assert_null(context_of(sets[i].names, why));
        print_message("%s\n", why);
        assert_non_null(strstr(why, sets[i].words[0]));
        assert_non_null(strstr(why, sets[i].words[1]));
    }
}

/* In the order in which reading them began. */
static void order(void **state)
{
    static const char *const names[4] = {"server.pem", "server.key"};
    char why[TLS_WHY_BYTES];
    struct tls_context *first = context_of(names, why), *second = context_of(names, why);

    (void)state;
    assert_true(tls_context_is_before(first, second));
    assert_false(tls_context_is_before(second, first));
    assert_false(tls_context_is_before(first, first));
    tls_context_put(first);
    tls_context_put(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(order),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
