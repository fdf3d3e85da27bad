/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPC replies as golden bytes (RFC 5531 §9), over a real socket.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/test.h"
#include "rpc_server.h"

static struct rpc_server server;

static int setup(void **state)
{
    (void)state;
    rpc_server_start(&server, 1, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rpc_server_stop(&server);
    return 0;
}

/* "80000028 00000001": hexadecimal with spaces; returns its length. */
static size_t from_hex(const char *text, uint8_t *out)
{
    size_t len = 0;
    unsigned byte;

    while (*text) {
        if (*text == ' ') {
            text++;
            continue;
        }
        assert_int_equal(sscanf(text, "%2x", &byte), 1);
        out[len++] = (uint8_t)byte;
        text += 2;
    }
    return len;
}

/* Send a call without its mark; the reply with its mark must be these bytes. */
static void exchange(const char *call, const char *reply)
{
    uint8_t sent[2048], expected[2048], got[2048];
    int fd = client_connect(&server);
    size_t len = from_hex(call, sent + 4);
    uint32_t mark = htonl(0x80000000u | (uint32_t)len);
    size_t expected_len = from_hex(reply, expected);

    memcpy(sent, &mark, 4);
    client_send(fd, sent, 4 + len);
    client_receive(fd, got, expected_len);
    assert_memory_equal(got, expected, expected_len);
    client_ping(fd, 7); /* nothing else came, and the connection is open */
    close(fd);
}

#define CALL_V4 "00000000 00000002 20000063 00000004 "
#define NONE "00000000 00000000 "
#define ACCEPTED "00000001 00000000 00000000 00000000 "

static void success(void **state)
{
    (void)state;
    exchange("11223344" CALL_V4 "00000000" NONE NONE, "80000018 11223344" ACCEPTED "00000000");
    exchange("00000000" CALL_V4 "00000001" NONE NONE "cafebabe",
             "8000001c 00000000" ACCEPTED "00000000 cafebabe");
}

static void rpc_mismatch(void **state)
{
    (void)state;
    exchange("00000009 00000000 00000003 20000063 00000004 00000000" NONE NONE,
             "80000018 00000009 00000001 00000001 00000000 00000002 00000002");
    /* The reply does not depend on anything after the version. */
    exchange("00000009 00000000 00000001",
             "80000018 00000009 00000001 00000001 00000000 00000002 00000002");
}

static void prog_unavail(void **state)
{
    (void)state;
    exchange("00000009 00000000 00000002 20000064 00000004 00000000" NONE NONE,
             "80000018 00000009" ACCEPTED "00000001");
}

static void prog_mismatch(void **state)
{
    (void)state;
    exchange("00000009 00000000 00000002 20000063 00000002 00000000" NONE NONE,
             "80000020 00000009" ACCEPTED "00000002 00000003 00000005");
    exchange("00000009 00000000 00000002 20000063 00000006 00000000" NONE NONE,
             "80000020 00000009" ACCEPTED "00000002 00000003 00000005");
}

static void procedure_errors(void **state)
{
    (void)state;
    exchange("00000009" CALL_V4 "00000009" NONE NONE, "80000018 00000009" ACCEPTED "00000003");
    exchange("00000009" CALL_V4 "000003e7" NONE NONE, "80000018 00000009" ACCEPTED "00000003");
    exchange("00000009" CALL_V4 "00000008" NONE NONE, "80000018 00000009" ACCEPTED "00000004");
    exchange("00000009" CALL_V4 "0000000a" NONE NONE, "80000018 00000009" ACCEPTED "00000005");
    /* Two bytes that are no word. */
    exchange("00000009" CALL_V4 "00000001" NONE NONE "0001",
             "80000018 00000009" ACCEPTED "00000004");
    /* A reply that did not fit. */
    exchange("00000009" CALL_V4 "0000000c" NONE NONE, "80000018 00000009" ACCEPTED "00000005");
}

#define DENIED(stat) "80000014 00000009 00000001 00000001 00000001 " stat

static void auth_errors(void **state)
{
    (void)state;
    /* Unknown flavors, AUTH_SHORT and RPCSEC_GSS among them: AUTH_REJECTEDCRED. */
    exchange("00000009" CALL_V4 "00000000 00000063 00000000" NONE, DENIED("00000002"));
    exchange("00000009" CALL_V4 "00000000 00000002 00000004 01020304" NONE, DENIED("00000002"));
    exchange("00000009" CALL_V4 "00000000 00000006 00000004 01020304" NONE, DENIED("00000002"));
    /* AUTH_NONE has no body. */
    exchange("00000009" CALL_V4 "00000000 00000000 00000004 01020304" NONE, DENIED("00000001"));
    /* A verifier that is not AUTH_NONE, or not empty: AUTH_BADVERF. */
    exchange("00000009" CALL_V4 "00000000" NONE "00000001 00000000", DENIED("00000003"));
    exchange("00000009" CALL_V4 "00000000" NONE "00000000 00000004 00000000", DENIED("00000003"));
    /* A body over 400 bytes: AUTH_BADCRED. */
    exchange("00000009" CALL_V4 "00000000 00000001 00000191" NONE, DENIED("00000001"));
    exchange("00000009" CALL_V4 "00000000 00000001 ffffffff" NONE, DENIED("00000001"));
}

static void auth_sys_errors(void **state)
{
    (void)state;
    /* Cut off, with extra bytes, and with a name that runs over the end. */
    exchange("00000009" CALL_V4
             "00000000 00000001 00000010 00000000 00000000 00000001 00000002" NONE,
             DENIED("00000001"));
    exchange("00000009" CALL_V4 "00000000 00000001 00000018 00000000 00000000 00000001 00000002"
             "00000000 00000000" NONE,
             DENIED("00000001"));
    exchange("00000009" CALL_V4 "00000000 00000001 00000014 00000000 00000100 00000001 00000002"
             "00000000" NONE,
             DENIED("00000001"));
    /* 17 groups announced and sent. */
    exchange("00000009" CALL_V4 "00000000 00000001 00000058 00000000 00000000 00000001 00000002"
             "00000011"
             "00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
             "00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000" NONE,
             DENIED("00000001"));
    exchange("00000009" CALL_V4 "00000000 00000001 00000014 00000000 00000000 00000001 00000002"
             "ffffffff" NONE,
             DENIED("00000001"));
}

static void credentials_arrive(void **state)
{
    (void)state;
    /* AUTH_SYS: machine "abc", uid 1000, gid 100, groups 5 and 6. */
    exchange("00000009" CALL_V4 "00000007 00000001 00000020 12345678 00000003 61626300 000003e8"
             "00000064 00000002 00000005 00000006" NONE,
             "8000002c 00000009" ACCEPTED "00000000 000003e8 00000064 00000002 00000005 00000006");
    /* AUTH_NONE: the user nobody. */
    exchange("00000009" CALL_V4 "00000007" NONE NONE,
             "80000024 00000009" ACCEPTED "00000000 0000fffe 0000fffe 00000000");
}

static void dropped_call(void **state)
{
    int fd = client_connect(&server);
    struct transport_stats before = rpc_server_stats(&server);

    (void)state;
    client_call(fd, 1, PROC_DROP, NULL, 0);
    client_ping(fd, 2);
    assert_int_equal(rpc_server_stats(&server).dropped, before.dropped + 1);
    close(fd);
}

/* S22A-08: no valid RPC message; the connection is closed, and counted. */
static void headers_without_reply(void **state)
{
    static const char *const records[] = {
        "80000000",
        "80000004 00000001",
        "80000007 00000001 000000",
        "80000008 00000001 00000000",                             /* CALL without a version */
        "80000008 00000001 00000002",                             /* neither CALL nor REPLY */
        "80000018 00000001" CALL_V4 "00000000",                   /* no credentials */
        "80000020 00000001" CALL_V4 "00000000 00000001 00000190", /* cut-off credentials */
        "80000020 00000001" CALL_V4 "00000000" NONE,              /* no verifier */
        "80000028 00000001" CALL_V4 "00000000" NONE "00000000 ffffffff",
    };
    struct transport_stats before = rpc_server_stats(&server);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
        uint8_t bytes[256];
        int fd = client_connect(&server);

        client_ping(fd, 1);
        client_send(fd, bytes, from_hex(records[i], bytes));
        client_expect_close(fd);
        close(fd);
    }
    assert_int_equal(rpc_server_stats(&server).bad_headers - before.bad_headers,
                     ARRAY_SIZE(records));
}

/* S22-24, SR-05: REPLY records among the calls. */
static void replies_are_told_from_calls(void **state)
{
    uint8_t bytes[256];
    int fd = client_connect(&server);
    struct transport_stats before = rpc_server_stats(&server);
    size_t len = from_hex("80000008 00000005 00000001"
                          "00000004 00000006 80000014 00000001 00000000 00000000 00000000 00000000",
                          bytes);

    (void)state;
    client_send(fd, bytes, len);
    client_ping(fd, 1);
    assert_int_equal(rpc_server_stats(&server).orphan_replies - before.orphan_replies, 2);
    assert_int_equal(atomic_load(&server.replies_seen), 2);

    atomic_store(&server.replies_wanted, true);
    client_send(fd, bytes, len);
    client_ping(fd, 2);
    assert_int_equal(rpc_server_stats(&server).orphan_replies - before.orphan_replies, 2);
    assert_int_equal(atomic_load(&server.replies_seen), 4);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success),
        cmocka_unit_test(rpc_mismatch),
        cmocka_unit_test(prog_unavail),
        cmocka_unit_test(prog_mismatch),
        cmocka_unit_test(procedure_errors),
        cmocka_unit_test(auth_errors),
        cmocka_unit_test(auth_sys_errors),
        cmocka_unit_test(credentials_arrive),
        cmocka_unit_test(dropped_call),
        cmocka_unit_test(headers_without_reply),
        cmocka_unit_test(replies_are_told_from_calls),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
