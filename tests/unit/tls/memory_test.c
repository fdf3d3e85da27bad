/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenSSL takes is counted, and comes back. */
#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "base/check.h"
#include "base/memory.h"
#include "lib/test.h"
#include "tls/tls_memory.h"

static uint64_t now(void)
{
    struct memory_stats stats;

    memory_stats_read(&stats);
    return stats.of[MEMORY_tls];
}

static void blocks(void **state)
{
    uint64_t before = now();
    void *p = OPENSSL_malloc(1000);

    (void)state;
    assert_true(tls_memory_is_counted());
    assert_in_range(now() - before, 1000, 1100);
    p = OPENSSL_realloc(p, 100000);
    assert_in_range(now() - before, 100000, 110000);
    p = OPENSSL_realloc(p, 10);
    assert_in_range(now() - before, 10, 1000);
    OPENSSL_free(p);
    assert_int_equal(now(), before);
    p = OPENSSL_realloc(NULL, 500);
    assert_in_range(now() - before, 500, 600);
    assert_null(OPENSSL_realloc(p, 0));
    assert_int_equal(now(), before);
    OPENSSL_free(NULL);
}

static void sessions(void **state)
{
    SSL_CTX *settings = SSL_CTX_new(TLS_server_method());
    uint64_t before = now();
    SSL *ssl = SSL_new(settings);

    (void)state;
    assert_non_null(ssl);
    assert_true(now() > before + 1000);
    SSL_free(ssl);
    assert_int_equal(now(), before);
    SSL_CTX_free(settings);
}

/* A budget that is used up refuses others, not OpenSSL. */
static void beyond_the_budget(void **state)
{
    void *p;

    (void)state;
    memory_budget_set(1 << 20);
    p = OPENSSL_malloc(8 << 20);
    assert_non_null(p);
    assert_null(memory_alloc(MEMORY_connections, 100));
    OPENSSL_free(p);
    p = memory_alloc(MEMORY_connections, 100);
    assert_non_null(p);
    memory_free(MEMORY_connections, p);
    memory_budget_set(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),
        cmocka_unit_test(sessions),
        cmocka_unit_test(beyond_the_budget),
    };

    tls_memory_init();
    return test_group_run(tests);
}
