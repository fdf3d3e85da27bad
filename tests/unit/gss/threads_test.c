/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of one context in many threads at once, while others make contexts. */
#include <pthread.h>

#include "base/clock.h"
#include "initiator.h"

enum {
    THREADS = 4,
    ROUNDS = 300,
    BYTES = 1000
};

static struct test_realm realm;
static struct acceptance server;
static struct initiator alice;
static uint8_t message[BYTES];
static gss_buffer_desc mic, token, first; /* of the client */

/* What a loop does with a call, over and over. */
static void *serve(void *arg)
{
    const struct gss_token_sizes *sizes = gss_token_sizes(server.context);
    uint8_t room[LIMIT_GSS_HEADER_BYTES + BYTES + LIMIT_GSS_TRAILER_BYTES];
    uint8_t ours[LIMIT_GSS_MIC_BYTES];

    (void)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t bytes;
        uint8_t *data;

        CHECK(gss_token_verify(server.context, message, BYTES, mic.value, mic.length));
        CHECK(!gss_token_verify(server.context, message, BYTES - 1, mic.value, mic.length));
        CHECK(gss_token_mic(server.context, message, BYTES, ours));
        memcpy(room, token.value, token.length);
        data = gss_token_unwrap(server.context, room, token.length, &bytes);
        CHECK(data && bytes == BYTES && memcmp(data, message, BYTES) == 0);
        memmove(room + sizes->header, data, bytes);
        CHECK(gss_token_wrap(server.context, room + sizes->header, bytes) > bytes);
        gss_table_prove(server.table, server.context, clock_now_ns());
    }
    return NULL;
}

/* The same INIT again and again: each makes a context of its own. */
static void *accept_again(void *arg)
{
    const struct gss_accept_call call = {
        .first = true,
        .token = {first.value, (uint32_t)first.length},
        .peer = "192.0.2.2:700",
        .address = 2,
        .now_ns = clock_now_ns(),
    };

    (void)arg;
    for (unsigned i = 0; i < ROUNDS / 10; i++) {
        struct gss_accept_reply reply;

        gss_accept(server.acceptor, &call, &reply);
        CHECK(reply.complete);
        if (i % 2)
            gss_table_remove(server.table, reply.context);
        gss_accept_reply_fini(&reply);
    }
    return NULL;
}

static void run(const char *enctype)
{
    const char *const options[] = {"--enctypes", enctype, NULL};
    gss_buffer_desc plain = {.length = BYTES, .value = message};
    pthread_t threads[THREADS + 2];
    OM_uint32 minor;

    if (!test_realm_start(&realm, options))
        fail_msg("no realm");
    acceptance_init(&server, test_realm_path(&realm, "server.keytab"), NULL);
    initiator_init(&alice, &realm, "alice", "alice", "nfs@localhost");
    acceptance_meet(&server, &alice);
    mic = initiator_mic(&alice, message, BYTES);
    assert_int_equal(gss_wrap(&minor, alice.context, 1, GSS_C_QOP_DEFAULT, &plain, NULL, &token),
                     GSS_S_COMPLETE);
    initiator_restart(&alice);
    initiator_step(&alice, NULL);
    first = alice.token;
    for (unsigned i = 0; i < THREADS + 2; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, i < THREADS ? serve : accept_again, NULL), 0);
    for (unsigned i = 0; i < THREADS + 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    (void)gss_release_buffer(&minor, &mic);
    (void)gss_release_buffer(&minor, &token);
    initiator_fini(&alice);
    acceptance_fini(&server);
    test_realm_fini(&realm);
}

static void test_openssl(void **state)
{
    (void)state;
    run("aes256-cts-hmac-sha384-192");
}

static void test_library(void **state)
{
    (void)state;
    run("camellia256-cts-cmac");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openssl),
        cmocka_unit_test(test_library),
    };

    return test_group_run(tests);
}
