/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens between our functions and the Kerberos library's on the client's side, both ways, for all
 * encryption types: those of gss_cfx.c, and one that only the library has.
 */
#include <gssapi/gssapi_ext.h>

#include "initiator.h"

static struct test_realm realm;
static struct acceptance server;
static struct initiator alice;

static const size_t sizes[] = {0, 1, 15, 16, 17, 31, 32, 33, 4096, 65537, 1u << 20};

enum {
    ROOM = LIMIT_GSS_HEADER_BYTES + (1u << 20) + LIMIT_GSS_TRAILER_BYTES
};

static uint8_t message[1u << 20], room[ROOM];

static int start(const char *enctype)
{
    const char *const options[] = {"--enctypes", enctype, NULL};

    if (!test_realm_start(&realm, options))
        return -1;
    acceptance_init(&server, test_realm_path(&realm, "server.keytab"), NULL);
    initiator_init(&alice, &realm, "alice", "alice", "nfs@localhost");
    acceptance_meet(&server, &alice);
    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (uint8_t)(i * 31 + (i >> 8));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    initiator_fini(&alice);
    acceptance_fini(&server);
    test_realm_fini(&realm);
    return 0;
}

static gss_buffer_desc client_wrap(const void *data, size_t bytes, int seal)
{
    gss_buffer_desc plain = {.length = bytes, .value = (void *)data}, token;
    OM_uint32 minor;

    assert_int_equal(gss_wrap(&minor, alice.context, seal, GSS_C_QOP_DEFAULT, &plain, NULL, &token),
                     GSS_S_COMPLETE);
    return token;
}

static void release(gss_buffer_desc *buffer)
{
    OM_uint32 minor;

    (void)gss_release_buffer(&minor, buffer);
}

static void test_mic(void **state)
{
    const struct gss_token_sizes *of = gss_token_sizes(server.context);
    uint8_t mic[LIMIT_GSS_MIC_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        gss_buffer_desc theirs = initiator_mic(&alice, message, sizes[i]);

        assert_int_equal(theirs.length, of->mic);
        assert_true(
            gss_token_verify(server.context, message, sizes[i], theirs.value, theirs.length));
        assert_true(gss_token_mic(server.context, message, sizes[i], mic));
        assert_true(initiator_verifies(&alice, message, sizes[i], mic, of->mic));
        /* Our own comes back: it is not the client's. */
        assert_false(gss_token_verify(server.context, message, sizes[i], mic, of->mic));
        release(&theirs);
    }
}

/* Any bit of a MIC, of its message, and any other length. */
static void test_mic_bad(void **state)
{
    gss_buffer_desc theirs = initiator_mic(&alice, message, 100);
    uint8_t *mic = theirs.value;

    (void)state;
    for (size_t bit = 0; bit < theirs.length * 8; bit++) {
        mic[bit / 8] ^= 1u << bit % 8;
        if (gss_token_verify(server.context, message, 100, mic, theirs.length))
            fail_msg("bit %zu", bit);
        mic[bit / 8] ^= 1u << bit % 8;
    }
    for (size_t bytes = 0; bytes < theirs.length; bytes++)
        assert_false(gss_token_verify(server.context, message, 100, mic, bytes));
    assert_false(gss_token_verify(server.context, message, 99, mic, theirs.length));
    assert_false(gss_token_verify(server.context, message + 1, 100, mic, theirs.length));
    assert_true(gss_token_verify(server.context, message, 100, mic, theirs.length));
    release(&theirs);
}

static void test_wrap(void **state)
{
    const struct gss_token_sizes *of = gss_token_sizes(server.context);
    gss_buffer_desc token, plain;
    OM_uint32 minor;
    int sealed;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        uint8_t *data = room + of->header;

        memcpy(data, message, sizes[i]);
        token = (gss_buffer_desc){.value = room,
                                  .length = gss_token_wrap(server.context, data, sizes[i])};
        assert_in_range(token.length, sizes[i] + 16, of->header + sizes[i] + of->trailer);
        sealed = 0;
        assert_false(GSS_ERROR(gss_unwrap(&minor, alice.context, &token, &plain, &sealed, NULL)));
        assert_true(sealed);
        assert_int_equal(plain.length, sizes[i]);
        if (sizes[i] > 0)
            assert_memory_equal(plain.value, message, sizes[i]);
        release(&plain);
    }
}

static void test_unwrap(void **state)
{
    size_t bytes;
    uint8_t *data;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        gss_buffer_desc token = client_wrap(message, sizes[i], 1);

        data = gss_token_unwrap(server.context, token.value, token.length, &bytes);
        assert_non_null(data);
        assert_int_equal(bytes, sizes[i]);
        assert_memory_equal(data, message, bytes);
        assert_true(data >= (uint8_t *)token.value &&
                    data + bytes <= (uint8_t *)token.value + token.length);
        release(&token);
    }
}

/* No bit of a token can be changed, none of its bytes left away. */
static void test_unwrap_bad(void **state)
{
    gss_buffer_desc token = client_wrap(message, 100, 1);
    size_t bytes;

    (void)state;
    for (size_t bit = 0; bit < token.length * 8; bit++) {
        memcpy(room, token.value, token.length);
        room[bit / 8] ^= 1u << bit % 8;
        if (gss_token_unwrap(server.context, room, token.length, &bytes))
            fail_msg("bit %zu", bit);
    }
    for (size_t cut = 0; cut < token.length; cut++) {
        memcpy(room, token.value, cut);
        assert_null(gss_token_unwrap(server.context, room, cut, &bytes));
    }
    release(&token);
    /* With integrity alone it is no secret: privacy was asked for. */
    token = client_wrap(message, 100, 0);
    assert_null(gss_token_unwrap(server.context, token.value, token.length, &bytes));
    release(&token);
}

/* The sender may have moved the end of a token behind its header, RFC 4121 §4.2.5. */
static void test_unwrap_rotated(void **state)
{
    gss_buffer_desc token = client_wrap(message, 100, 1);
    const uint8_t *sealed = (uint8_t *)token.value + 16;
    size_t sealed_bytes = token.length - 16, bytes;
    uint8_t *data;

    (void)state;
    for (size_t count = 0; count < 2 * sealed_bytes; count++) {
        size_t moved = count % sealed_bytes;

        memcpy(room, token.value, 16);
        room[6] = (uint8_t)(count >> 8);
        room[7] = (uint8_t)count;
        memcpy(room + 16, sealed + sealed_bytes - moved, moved);
        memcpy(room + 16 + moved, sealed, sealed_bytes - moved);
        data = gss_token_unwrap(server.context, room, token.length, &bytes);
        assert_non_null(data);
        assert_int_equal(bytes, 100);
        assert_memory_equal(data, message, bytes);
    }
    release(&token);
}

/* A token of one context is nothing in another of the same user. */
static void test_other_context(void **state)
{
    gss_buffer_desc mic = initiator_mic(&alice, message, 100);
    gss_buffer_desc token = client_wrap(message, 100, 1);
    size_t bytes;

    (void)state;
    acceptance_meet(&server, &alice);
    assert_false(gss_token_verify(server.context, message, 100, mic.value, mic.length));
    assert_null(gss_token_unwrap(server.context, token.value, token.length, &bytes));
    release(&mic);
    release(&token);
}

struct type {
    const char *name;
    bool ours; /* tokens are made by gss_cfx.c */
    uint32_t mic;
};

static const struct type *type;

static int start_type(void **state)
{
    (void)state;
    if (start(type->name) != 0)
        return -1;
    assert_int_equal(gss_token_sizes(server.context)->mic, type->mic);
    assert_string_equal(gss_context_enctype(server.context), type->ours ? type->name : "other");
    return 0;
}

int main(void)
{
    static const struct type types[] = {
        {"aes128-cts-hmac-sha1-96", true, 28},    {"aes256-cts-hmac-sha1-96", true, 28},
        {"aes128-cts-hmac-sha256-128", true, 32}, {"aes256-cts-hmac-sha384-192", true, 40},
        {"camellia256-cts-cmac", false, 32},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mic),           cmocka_unit_test(test_mic_bad),
        cmocka_unit_test(test_wrap),          cmocka_unit_test(test_unwrap),
        cmocka_unit_test(test_unwrap_bad),    cmocka_unit_test(test_unwrap_rotated),
        cmocka_unit_test(test_other_context),
    };
    int failed = 0;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        type = &types[i];
        printf("%s\n", type->name);
        failed |= test_group_run_fixtures(tests, start_type, stop);
    }
    return failed;
}
