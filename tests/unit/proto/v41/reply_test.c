/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: results up to the first error, sizes, the reply cache, and their log lines. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "v41_fixture.h"

enum {
    RPC_HEADER = 24,
    HEAD = 4 + 8 + 4, /* status, tag "test", number of results */
    SEQUENCE_BYTES = 44
};

static struct v41_call call, retry;
static struct v41_session session;

/* S20-14. */
static void results_up_to_the_error(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    v41_begin_in(&call, &session, false);
    v41_op(&call, OP_PUTROOTFH);
    v41_op_lookup(&call, "none");
    v41_op(&call, OP_GETFH);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_NOENT);
    assert_int_equal(call.result_count, 3);
    assert_int_equal(v41_result(&call, OP_SEQUENCE), NFS4_OK);
    assert_int_equal(v41_result(&call, OP_PUTROOTFH), NFS4_OK);
    assert_int_equal(v41_result(&call, OP_LOOKUP), NFS4ERR_NOENT);
    assert_int_equal(xdr_left(&call.results), 0);
}

static void mkdir_request(struct v41_call *c, uint32_t seqid, bool cache, const char *name)
{
    v41_begin(c);
    v41_op_sequence(c, &session, 0, seqid, cache);
    v41_op(c, OP_PUTROOTFH);
    v41_op_mkdir(c, name);
    v41_op(c, OP_GETFH);
}

/* S20-07, S20-12, P-01, SR-01: executed once; a retry gets the same bytes, over any connection,
 * with any tag. */
static void replay_is_byte_identical(void **unused)
{
    int other = v41_connect();

    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    mkdir_request(&call, 1, true, "d");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    for (int i = 0; i < 4; i++) {
        mkdir_request(&retry, 1, true, "d");
        if (i == 3)
            retry.tag = "TEST";
        v41_roundtrip(i % 2 ? other : v41_fd, &retry);
        assert_int_equal(retry.body_len, call.body_len);
        assert_memory_equal(retry.body, call.body, call.body_len);
    }
    mkdir_request(&call, 2, true, "d");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_EXIST);
    mkdir_request(&retry, 2, true, "d");
    v41_roundtrip(other, &retry);
    assert_memory_equal(retry.body, call.body, call.body_len);
    close(other);
}

/* S20-06: requests in other slots don't matter. */
static void replay_after_others(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    mkdir_request(&call, 1, true, "d");
    v41_roundtrip(v41_fd, &call);
    for (uint32_t i = 1; i <= 300; i++) {
        v41_begin(&retry);
        v41_op_sequence(&retry, &session, 1 + i % 5, (i - 1) / 5 + 1, true);
        v41_roundtrip(v41_fd, &retry);
        assert_int_equal(retry.status, NFS4_OK);
    }
    mkdir_request(&retry, 1, true, "d");
    v41_roundtrip(v41_fd, &retry);
    assert_memory_equal(retry.body, call.body, call.body_len);
}

/* W04, S20-09. */
static void false_retries(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    for (uint32_t seqid = 1; seqid <= 2; seqid++) {
        bool cache = seqid == 1;

        mkdir_request(&call, seqid, cache, "d");
        v41_roundtrip(v41_fd, &call);
        mkdir_request(&retry, seqid, cache, "e");
        v41_roundtrip(v41_fd, &retry);
        assert_int_equal(retry.status, NFS4ERR_SEQ_FALSE_RETRY);
        assert_int_equal(retry.result_count, 1);
        mkdir_request(&retry, seqid, cache, "d");
        retry.uid = 1000;
        v41_roundtrip(v41_fd, &retry);
        assert_int_equal(retry.status, NFS4ERR_SEQ_FALSE_RETRY);
    }
}

/* W13, P-09: SEQUENCE is OK, the second operation reports that no reply was cached. */
static void uncached_retry(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    for (int i = 0; i < 2; i++) {
        mkdir_request(&call, 1, false, "d");
        v41_roundtrip(v41_fd, &call);
    }
    assert_int_equal(call.status, NFS4ERR_RETRY_UNCACHED_REP);
    assert_int_equal(call.result_count, 2);
    assert_int_equal(v41_result(&call, OP_SEQUENCE), NFS4_OK);
    assert_int_equal(v41_result(&call, OP_PUTROOTFH), NFS4ERR_RETRY_UNCACHED_REP);
    mkdir_request(&call, 2, false, "e");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
}

static void twice(uint32_t seqid, uint32_t op, uint32_t shown, enum nfsstat4 status)
{
    for (int i = 0; i < 2; i++) {
        v41_begin(&call);
        v41_op_sequence(&call, &session, 0, seqid, false);
        if (op)
            v41_op(&call, op);
        if (op == OP_RENEW)
            xdr_put_u64(&call.x, 1);
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(v41_result(&call, OP_SEQUENCE), NFS4_OK);
        if (op)
            assert_int_equal(v41_result(&call, shown), status);
        assert_int_equal(call.status, op ? status : NFS4_OK);
    }
}

/* §2.10.6.1.3: where RETRY_UNCACHED_REP must not be returned. */
static void uncached_retry_exceptions(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    twice(1, 0, 0, NFS4_OK);
    twice(2, 2, OP_ILLEGAL, NFS4ERR_OP_ILLEGAL);
    twice(3, OP_RENEW, OP_RENEW, NFS4ERR_NOTSUPP);
    twice(4, OP_SETCLIENTID, OP_SETCLIENTID, NFS4ERR_NOTSUPP);
}

/* P-13: GETATTR after GETATTR until they no longer fit; never more bytes than allowed. */
static void reply_too_big(void **unused)
{
    (void)unused;
    for (int cache = 0; cache < 2; cache++) {
        for (uint32_t limit = 200; limit < 330; limit += 4) {
            struct channel_attrs4 attrs = v41_attrs();

            *(cache ? &attrs.ca_maxresponsesize_cached : &attrs.ca_maxresponsesize) = limit;
            char owner[16];

            (void)snprintf(owner, sizeof(owner), "%d.%u", cache, limit);
            v41_session_make(v41_fd, owner, &attrs, &session);
            v41_begin_in(&call, &session, cache);
            v41_op(&call, OP_PUTROOTFH);
            for (int i = 0; i < 12; i++)
                v41_op_getattr(&call, 1u << FATTR4_SIZE | 1u << FATTR4_TYPE);
            v41_roundtrip(v41_fd, &call);
            assert_int_equal(call.status,
                             cache ? NFS4ERR_REP_TOO_BIG_TO_CACHE : NFS4ERR_REP_TOO_BIG);
            assert_true(call.body_len + RPC_HEADER <= limit);
            assert_true(call.body_len + RPC_HEADER + 40 > limit);
            if (!cache)
                continue;
            /* Such a reply is cached like any other. */
            memcpy(&retry, &call, sizeof(call));
            v41_roundtrip(v41_fd, &retry);
            assert_memory_equal(retry.body, call.body, call.body_len);
        }
    }
}

/* Results without a body: there is still room for the error of the one that is too big. */
static void reply_too_big_anywhere(void **unused)
{
    const uint32_t least = RPC_HEADER + HEAD + SEQUENCE_BYTES + 12;

    (void)unused;
    for (uint32_t limit = least; limit < least + 8 * 8; limit++) {
        struct channel_attrs4 attrs = v41_attrs();
        char owner[16];

        attrs.ca_maxresponsesize = limit;
        (void)snprintf(owner, sizeof(owner), "%u", limit);
        v41_session_make(v41_fd, owner, &attrs, &session);
        v41_begin_in(&call, &session, false);
        for (int i = 0; i < 10; i++)
            v41_op(&call, OP_PUTROOTFH);
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, NFS4ERR_REP_TOO_BIG);
        assert_true(call.body_len + RPC_HEADER <= limit);
    }
}

/* A reply that fits exactly is not too big. */
static void reply_just_fits(void **unused)
{
    struct channel_attrs4 attrs = v41_attrs();

    (void)unused;
    attrs.ca_maxresponsesize = RPC_HEADER + HEAD + SEQUENCE_BYTES + 8 + 44;
    for (uint32_t over = 0; over < 2; over++) {
        attrs.ca_maxresponsesize -= over;
        v41_session_make(v41_fd, over ? "a" : "b", &attrs, &session);
        v41_begin_in(&call, &session, false);
        v41_op(&call, OP_PUTROOTFH);
        v41_op_mkdir(&call, over ? "a" : "b");
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, over ? NFS4ERR_REP_TOO_BIG : NFS4_OK);
    }
    /* And an operation whose result might not fit is not executed. */
    v41_begin_in(&call, &session, false);
    v41_op(&call, OP_PUTROOTFH);
    v41_op_lookup(&call, "a");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_NOENT);
}

/* Not even SEQUENCE fits: refused before the slot moves (pynfs CSESS27). */
static void sequence_too_big_to_cache(void **unused)
{
    static const uint32_t limits[] = {10, RPC_HEADER + HEAD + SEQUENCE_BYTES - 1,
                                      RPC_HEADER + HEAD + SEQUENCE_BYTES};
    char owner[] = "a";

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++, owner[0]++) {
        struct channel_attrs4 attrs = v41_attrs();

        attrs.ca_maxresponsesize_cached = limits[i];
        v41_session_make(v41_fd, owner, &attrs, &session);
        v41_begin(&call);
        v41_op_sequence(&call, &session, 0, 1, true);
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, i < 2 ? NFS4ERR_REP_TOO_BIG_TO_CACHE : NFS4_OK);
        v41_begin(&call);
        v41_op_sequence(&call, &session, 0, i < 2 ? 1 : 2, false);
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, NFS4_OK);
    }
}

/* S20-33: the memory of cached replies is released. */
static void reply_memory(void **unused)
{
    (void)unused;
    v41_session_make(v41_fd, "a", NULL, &session);
    for (uint32_t slot = 0; slot < 8; slot++) {
        v41_begin(&call);
        v41_op_sequence(&call, &session, slot, 1, true);
        v41_roundtrip(v41_fd, &call);
    }
    assert_int_equal(test_server.state->reply_bytes, 8 * (HEAD + SEQUENCE_BYTES));
    v41_begin(&call);
    xdr_fixed(v41_op(&call, OP_DESTROY_SESSION), session.id, NFS4_SESSIONID_SIZE);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    /* The connection remembers the session until it closes. */
    close(v41_fd);
    v41_fd = v41_connect();
    wait_until(test_server.state->reply_bytes == 0);
}

static int log_begin(int *saved)
{
    char path[] = "/tmp/v41_reply_log_XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    unlink(path);
    *saved = dup(STDERR_FILENO);
    dup2(fd, STDERR_FILENO);
    return fd;
}

static const char *log_end(int fd, int saved)
{
    static char text[65536];
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);
    assert_true(len >= 0);
    text[len] = '\0';
    return text;
}

static const char *logged(enum log_level level)
{
    int saved, fd = log_begin(&saved);

    log_set_level(level);
    v41_session_make(v41_fd, level == LOG_LEVEL_DEBUG ? "a" : "b", NULL, &session);
    for (int i = 0; i < 2; i++) {
        mkdir_request(&call, 1, true, level == LOG_LEVEL_DEBUG ? "a" : "b");
        v41_roundtrip(v41_fd, &call);
    }
    v41_begin(&retry);
    v41_op_sequence(&retry, &session, 0, 9, true);
    v41_roundtrip(v41_fd, &retry);
    log_set_level(LOG_LEVEL_ERROR);
    return log_end(fd, saved);
}

/* S20-13, S20-36 to S20-40. */
static void log_lines(void **unused)
{
    char body[32];
    const char *text;

    (void)unused;
    text = logged(LOG_LEVEL_INFO);
    assert_null(strstr(text, " sequence "));
    assert_null(strstr(text, "compound"));
    assert_non_null(strstr(text, "sequence.replay"));
    assert_non_null(strstr(text, "sequence.refused"));
    assert_non_null(strstr(text, "received=9"));
    assert_non_null(strstr(text, "expected=2"));
    assert_non_null(strstr(text, "state=\"cached\""));
    text = logged(LOG_LEVEL_DEBUG);
    assert_non_null(strstr(text, "[SEQUENCE,PUTROOTFH,CREATE,GETFH]"));
    assert_non_null(strstr(text, "[44,8,"));
    /* S20-39: the head consists of status, tag and count. */
    (void)snprintf(body, sizeof(body), "head=16 body=%u", call.body_len - 16);
    assert_non_null(strstr(text, body));
    assert_non_null(strstr(text, "minor=1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, v41_set_up, v41_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(results_up_to_the_error),
        TEST(replay_is_byte_identical),
        TEST(replay_after_others),
        TEST(false_retries),
        TEST(uncached_retry),
        TEST(uncached_retry_exceptions),
        TEST(reply_too_big),
        TEST(reply_too_big_anywhere),
        TEST(reply_just_fits),
        TEST(sequence_too_big_to_cache),
        TEST(reply_memory),
        TEST(log_lines),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
