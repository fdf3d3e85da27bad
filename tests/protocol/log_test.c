/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the running server logs about COMPOUNDs and SEQUENCE, in text and in JSON, and the counters
 * that it logs on SIGUSR1.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wait.h"
#include "log_lines.h"
#include "script.h"
#ifdef MAINSTAY_V40
#include "proto/v40/duplicate_cache.h"
#endif
#include "state/session/session_stats.h"

enum {
    FLOOD = 1000,
    RACERS = 3,
    RACE_WRITES = 10,
};

/* Options of a server: a level and a format. */
struct flavor {
    const char *level, *format;
};

static int set_up(void **state)
{
    static char local[128];
    static const char *options[] = {"--export",
                                    "/mem=mem:,no_root_squash",
                                    "--export",
                                    local,
                                    "--threads",
                                    "4",
                                    "--log-level",
                                    NULL,
                                    "--log-format",
                                    NULL,
                                    NULL};
    const struct flavor *flavor = *state;

    options[7] = flavor->level;
    options[9] = flavor->format;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static int tear_down(void **state)
{
    script_teardown(state);
    memset(&script_server, 0, sizeof(script_server));
    return 0;
}

/* A SEQUENCE built by hand, for the session with this id. */
static void sequence_of(const uint8_t *id, uint32_t slot, uint32_t seqid, bool cache,
                        uint32_t highest)
{
    struct nfs_argop4 op = {.argop = OP_SEQUENCE,
                            .opsequence = {.sa_sequenceid = seqid,
                                           .sa_slotid = slot,
                                           .sa_highest_slotid = highest,
                                           .sa_cachethis = cache}};

    memcpy(op.opsequence.sa_sessionid, id, NFS4_SESSIONID_SIZE);
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_compound_add(C, &op);
}

static void sequence(uint32_t slot, uint32_t seqid, uint32_t highest)
{
    sequence_of(alice.session.sessionid, slot, seqid, true, highest);
}

/* Send C over `conn` and read only the status. */
static enum nfsstat4 status_over(struct client_conn *conn)
{
    client_result_free(R);
    assert_int_equal(client_compound_call(conn, C, R), CLIENT_OK);
    return R->status;
}

static void hex(const uint8_t *id, char *out)
{
    for (size_t i = 0; i < NFS4_SESSIONID_SIZE; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", id[i]);
}

/* Exactly one more record, with all its fields. */
static void expect_refused(const char *type, enum nfsstat4 status, const uint8_t *id,
                           uint64_t received, uint64_t expected, const char *slot_state)
{
    struct log_line before = log_find("sequence.refused", NULL), line;
    char session[2 * NFS4_SESSIONID_SIZE + 1];

    expect_status(status_over(&alice.conn), status);
    assert_int_equal(log_find("sequence.refused", NULL).count, before.count + 1);
    line = log_find("sequence.refused", type);
    assert_int_equal(line.count, 1);
    hex(id, session);
    assert_string_equal(log_value(&line, "session"), session);
    assert_int_equal(log_number(&line, "status"), status);
    assert_int_equal(log_number(&line, "received"), received);
    assert_int_equal(log_number(&line, "expected"), expected);
    assert_string_equal(log_value(&line, "state"), slot_state);
}

static void refused(const char *type, enum nfsstat4 status, uint64_t received, uint64_t expected,
                    const char *slot_state)
{
    expect_refused(type, status, alice.session.sessionid, received, expected, slot_state);
}

/* Errors that depend on a slot's state. */
static void slot_errors(void)
{
    uint32_t seqid = alice.session.slots[0].seqid;

    begin(&alice, NULL);
    client_op_putrootfh(C);
    run(NFS4_OK);
    sequence(0, seqid + 7, 0);
    refused("seq_misordered", NFS4ERR_SEQ_MISORDERED, seqid + 7, seqid + 1, "cached");
    sequence(0, seqid, 0);
    client_op(C, OP_PUTPUBFH);
    refused("false_retry", NFS4ERR_SEQ_FALSE_RETRY, seqid, seqid + 1, "cached");
}

/* Errors found before a slot is looked up. */
static void early_errors(void)
{
    uint32_t seqid = alice.session.slots[0].seqid, slots = alice.session.slot_count;
    uint8_t nobody[NFS4_SESSIONID_SIZE] = {1, 2, 3};

    sequence(slots, 1, 0);
    refused("badslot", NFS4ERR_BADSLOT, 1, 0, "untouched");
    sequence(0, seqid, slots);
    refused("bad_high_slot", NFS4ERR_BAD_HIGH_SLOT, seqid, 0, "untouched");
    sequence(0, seqid, 0);
    for (uint32_t i = 0; i < alice.session.fore.ca_maxoperations; i++)
        client_op_putrootfh(C);
    refused("too_many_ops", NFS4ERR_TOO_MANY_OPS, seqid, 0, "untouched");
    sequence_of(nobody, 0, 1, false, 0);
    expect_refused("bad_session", NFS4ERR_BADSESSION, nobody, 1, 0, "untouched");
    begin(&alice, NULL);
    client_compound_add_words(C, (const uint32_t[]){OP_SEQUENCE, 0, 0, 0, 0, 77, 0, 0, 0}, 9);
    client_compound_set_count(C, 2);
    expect_refused("sequence_pos", NFS4ERR_SEQUENCE_POS, (uint8_t[NFS4_SESSIONID_SIZE]){0}, 77, 0,
                   "untouched");
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_compound_add_words(C, (const uint32_t[]){OP_SEQUENCE, 1}, 2);
    client_compound_set_count(C, 1);
    expect_refused("bad_xdr", NFS4ERR_BADXDR, (uint8_t[NFS4_SESSIONID_SIZE]){0}, 0, 0, "untouched");
}

/* Another session, with sizes that are too small for some requests. */
static void small_session(struct client_session *session, uint32_t request, uint32_t reply,
                          uint32_t cached)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    enum nfsstat4 status;

    if (request)
        wish.fore.ca_maxrequestsize = request;
    if (reply)
        wish.fore.ca_maxresponsesize = reply;
    if (cached != UINT32_MAX)
        wish.fore.ca_maxresponsesize_cached = cached;
    assert_int_equal(client_session_exchange_id(&alice.conn, &wish, session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_int_equal(client_session_create(&alice.conn, &wish, session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

static void size_errors(void)
{
    static struct client_session session;
    char name[300];

    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    small_session(&session, 300, 0, UINT32_MAX);
    sequence_of(session.sessionid, 5, 1, false, 5);
    client_op_lookup(C, name);
    expect_refused("req_too_big", NFS4ERR_REQ_TOO_BIG, session.sessionid, 1, 0, "untouched");
    small_session(&session, 0, SESSION_REPLY_BYTES_MIN, UINT32_MAX);
    sequence_of(session.sessionid, 5, 1, false, 5);
    client_op_putrootfh(C);
    expect_refused("rep_too_big", NFS4ERR_REP_TOO_BIG, session.sessionid, 1, 0, "untouched");
    small_session(&session, 0, 0, 40);
    sequence_of(session.sessionid, 5, 1, true, 5);
    expect_refused("rep_too_big_to_cache", NFS4ERR_REP_TOO_BIG_TO_CACHE, session.sessionid, 1, 0,
                   "untouched");
}

/* S20-13: each error of SEQUENCE logs one record with what was expected and what was received. */
static void each_error_has_a_record(void **state)
{
    const struct flavor *flavor = *state;

    slot_errors();
    early_errors();
    size_errors();
    if (strcmp(flavor->format, "json") == 0)
        log_expect_json();
}

/* A request that waits for the disk keeps its slot busy, and uses no processor. */
static bool race_once(struct client_conn *racers, const struct client_file *file)
{
    bool busy = false;
    uint32_t xids[RACERS];

    begin(&alice, &file->fh);
    for (unsigned i = 0; i < RACE_WRITES; i++)
        client_op_write(C, &file->stateid, i, FILE_SYNC4, "x", 1);
    for (unsigned i = 0; i < RACERS; i++)
        assert_int_equal(client_compound_send(&racers[i], C, &xids[i]), CLIENT_OK);
    for (unsigned i = 0; i < RACERS; i++) {
        struct client_reply reply;

        assert_int_equal(client_call_receive(&racers[i], xids[i], &reply), CLIENT_OK);
        busy = xdr_get_u32(&reply.results) == NFS4ERR_DELAY || busy;
        client_reply_free(&reply);
    }
    alice.session.slots[0].seqid++;
    return busy;
}

/* S20-11, S20-13: of two simultaneous copies of a request one is refused once, with a record. */
static void busy_slot_has_a_record(void **state)
{
    struct client_conn racers[RACERS];
    struct client_fh dir = script_dir(script_local);
    struct client_file file = make_open(&alice, &dir, "file");
    struct log_line line;

    (void)state;
    for (unsigned i = 0; i < RACERS; i++)
        script_connect(&racers[i]);
    wait_until_every(0, race_once(racers, &file));
    line = log_find("sequence.refused", "slot_busy");
    assert_true(line.count >= 1 && line.count < RACERS);
    assert_int_equal(log_number(&line, "received"), alice.session.slots[0].seqid - 1);
    assert_int_equal(log_number(&line, "expected"), alice.session.slots[0].seqid);
    assert_true(strcmp(log_value(&line, "state"), "busy") == 0 ||
                strcmp(log_value(&line, "state"), "replaying") == 0);
    for (unsigned i = 0; i < RACERS; i++)
        client_conn_close(&racers[i]);
}

/* S20-36: success logs nothing at INFO; S20-37: a replay logs one line at INFO. */
static void replays_at_info(void **state)
{
    struct log_line replay;
    char session[2 * NFS4_SESSIONID_SIZE + 1];

    (void)state;
    hex(alice.session.sessionid, session);
    for (unsigned i = 1; i <= 5; i++) {
        begin(&alice, NULL);
        client_op_putrootfh(C);
        run(NFS4_OK);
        assert_int_equal(log_find("sequence.replay", NULL).count, i - 1);
        expect_status(status_over(&alice.conn), NFS4_OK);
        replay = log_find("sequence.replay", NULL);
        assert_int_equal(replay.count, i);
        assert_string_equal(log_value(&replay, "session"), session);
        assert_int_equal(log_number(&replay, "slot"), 0);
        assert_int_equal(log_number(&replay, "seqid"), alice.session.slots[0].seqid - 1);
    }
    assert_int_equal(log_find("sequence", NULL).count, 0);
    assert_int_equal(log_find("compound", NULL).count, 0);
    assert_int_equal(log_find("compound.done", NULL).count, 0);
    assert_int_equal(log_count("debug"), 0);
}

#ifdef MAINSTAY_V40
/* S20-37: the same without sessions. */
static void replays_v40_at_info(void **state)
{
    struct client_mount carol;
    struct log_line replay;

    (void)state;
    script_mount_v40(&carol);
    begin(&carol, NULL);
    client_op_putrootfh(C);
    client_op_remove(C, "nothing");
    run(NFS4ERR_ROFS);
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(log_find("compound.replay", NULL).count, i - 1);
        run_again_on(NULL, NFS4ERR_ROFS);
        replay = log_find("compound.replay", NULL);
        assert_int_equal(replay.count, i);
        assert_string_equal(log_value(&replay, "peer"), "127.0.0.1");
        assert_int_equal(log_number(&replay, "xid"), carol.conn.xid);
        assert_int_equal(log_number(&replay, "bytes"), R->body.len);
        assert_int_equal(log_number(&replay, "waited"), 0);
    }
    assert_int_equal(log_find("compound", NULL).count, 0);
    client_mount_close(&carol);
}
#endif

/* S20-16: the log level alone controls SEQUENCE's lines; there is no other setting. */
static void silent_at_warn(void **state)
{
    (void)state;
    begin(&alice, NULL);
    client_op_putrootfh(C);
    run(NFS4_OK);
    expect_status(status_over(&alice.conn), NFS4_OK);
    sequence(0, 99, 0);
    expect_status(status_over(&alice.conn), NFS4ERR_SEQ_MISORDERED);
    assert_int_equal(log_find("sequence.replay", NULL).count, 0);
    assert_int_equal(log_find("sequence.refused", NULL).count, 0);
    assert_int_equal(log_count("info") + log_count("debug"), 0);
}

/* The size of the COMPOUND4res for C, and its log line. */
static size_t answer_bytes(struct log_line *line)
{
    unsigned before = log_find("compound.done", NULL).count;
    struct client_reply reply;
    size_t bytes;
    uint32_t xid;

    assert_int_equal(client_compound_send(&alice.conn, C, &xid), CLIENT_OK);
    assert_int_equal(client_call_receive(&alice.conn, xid, &reply), CLIENT_OK);
    bytes = xdr_left(&reply.results);
    client_reply_free(&reply);
    *line = log_find("compound.done", NULL);
    assert_int_equal(line->count, before + 1);
    return bytes;
}

/* "[44,8]": returns the number of values and their sum. */
static unsigned sizes_sum(const char *text, uint64_t *sum)
{
    unsigned count = 0;
    char *end;

    *sum = 0;
    assert_int_equal(*text, '[');
    for (text++; *text != ']'; text = *end == ',' ? end + 1 : end) {
        assert_true(*text >= '0' && *text <= '9');
        *sum += strtoull(text, &end, 10);
        assert_true(*end == ',' || *end == ']');
        count++;
    }
    assert_int_equal(text[1], '\0');
    return count;
}

/* S20-39, S20-40. */
static void expect_done(const char *ops, unsigned count)
{
    struct log_line line;
    size_t bytes = answer_bytes(&line);
    uint64_t sum;

    assert_string_equal(log_value(&line, "ops"), ops);
    assert_int_equal(sizes_sum(log_value(&line, "bytes"), &sum), count);
    assert_int_equal(sum, log_number(&line, "body"));
    assert_int_equal(sum + log_number(&line, "head"), bytes);
}

static void lists_of_operations(void **state)
{
    const struct flavor *flavor = *state;
    struct client_fh dir = script_dir(script_mem);
    struct client_file file = make_open(&alice, &dir, "file");
    static char data[100000];
    uint32_t written;

    expect_status(client_file_write(&alice, &file, 0, FILE_SYNC4, data, sizeof(data), &written),
                  NFS4_OK);
    begin(&alice, NULL);
    expect_done("[SEQUENCE]", 1);
    alice.session.slots[0].seqid++;
    begin(&alice, &dir);
    client_op_getfh(C);
    client_op_lookup(C, "file");
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE, FATTR4_MODE));
    expect_done("[SEQUENCE,PUTFH,GETFH,LOOKUP,GETATTR]", 5);
    alice.session.slots[0].seqid++;
    /* The list ends with the failed operation. */
    begin(&alice, &dir);
    client_op_lookup(C, "nobody");
    client_op_getfh(C);
    expect_done("[SEQUENCE,PUTFH,LOOKUP]", 3);
    alice.session.slots[0].seqid++;
    begin(&alice, &dir);
    client_compound_add_words(C, (const uint32_t[]){9999}, 1);
    client_compound_set_count(C, 3);
    expect_done("[SEQUENCE,PUTFH,ILLEGAL]", 3);
    alice.session.slots[0].seqid++;
    client_compound_free(C);
    client_compound_begin_plain(C);
    expect_done("[]", 0);
    client_compound_free(C);
    client_compound_begin_slot(C, &alice.session, 0, false);
    client_op_putfh(C, &file.fh);
    client_op_read(C, &file.stateid, 0, sizeof(data));
    expect_done("[SEQUENCE,PUTFH,READ]", 3);
    alice.session.slots[0].seqid++;
    if (strcmp(flavor->format, "json") == 0)
        log_expect_json();
}

/* Data that READ sends by file descriptor count as well. */
static void tail_of_local(void **state)
{
    static char local[128];
    static const char *options[] = {"--export", local, "--log-level", "debug", NULL};
    static char data[200000];
    struct client_file file;
    struct client_fh root;
    uint32_t written;

    (void)state;
    if (script_server.dir[0] == '\0')
        assert_true(test_server_init(&script_server));
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    assert_int_equal(script_setup(options), 0);
    expect_status(client_file_lookup(&alice, script_local, &root), NFS4_OK);
    file = make_open(&alice, &root, "file");
    expect_status(client_file_write(&alice, &file, 0, FILE_SYNC4, data, sizeof(data), &written),
                  NFS4_OK);
    client_compound_free(C);
    client_compound_begin_slot(C, &alice.session, 0, false);
    client_op_putfh(C, &file.fh);
    client_op_read(C, &file.stateid, 0, sizeof(data));
    expect_done("[SEQUENCE,PUTFH,READ]", 3);
    alice.session.slots[0].seqid++;
}

static void expect_path(const char *path, uint64_t minor)
{
    struct log_line before = log_find("compound", NULL), line;

    (void)status_over(&alice.conn);
    line = log_find("compound", NULL);
    assert_int_equal(line.count, before.count + 1);
    assert_string_equal(log_value(&line, "path"), path);
    assert_int_equal(log_number(&line, "minor"), minor);
}

/* S20-38, and S20-36: at debug level each successful COMPOUND has its line. */
static void path_of_each_compound(void **state)
{
    unsigned sequences;

    (void)state;
    begin(&alice, NULL);
    client_op_putrootfh(C);
    sequences = log_find("sequence", NULL).count;
    expect_path("4.1", 1);
    assert_int_equal(log_find("sequence", NULL).count, sequences + 1);
    /* The same again: a replay. */
    expect_path("4.1", 1);
    sequence(0, 99, 0);
    expect_path("4.1", 1);
    client_compound_free(C);
    client_compound_begin_plain(C);
    expect_path("4.1", 1);
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_op_putrootfh(C);
    expect_path("4.1", 1);
    client_compound_free(C);
    client_compound_begin(C, (struct wire_opaque){NULL, 0}, 77);
    expect_path("none", 77);
#ifdef MAINSTAY_V40
    client_compound_free(C);
    client_compound_begin(C, (struct wire_opaque){NULL, 0}, 0);
    client_op_putrootfh(C);
    expect_path("4.0", 0);
    client_op_getattr(C, CLIENT_BITS(FATTR4_TIME_MODIFY_SET)); /* an error has its line, too */
    expect_path("4.0", 0);
#endif
}

/* `event` was provoked FLOOD times since `start`: up to 100 lines a second report it, and `more`
 * reports the others once a second. (If this took too many seconds, none are left to report.) */
static void expect_flood(int64_t start_ms, const char *event, const char *more)
{
    int64_t seconds = (wait_now_ms() - start_ms) / 1000 + 2;
    unsigned lines;

    /* The log's thread may lag behind the replies. */
    wait_until_every(50, log_find(event, NULL).count + log_find(more, NULL).lines >= FLOOD);
    lines = log_find(event, NULL).count;
    assert_int_equal(lines + log_find(more, NULL).lines, FLOOD);
    assert_true(lines >= 100 && lines <= 100 * seconds);
    assert_true(lines < FLOOD || 100 * seconds >= FLOOD);
}

/* A flood of errors does not fill the disk, and the log says how many lines were left out. */
static void flood(void **state)
{
    int64_t start = wait_now_ms();

    (void)state;
    for (unsigned i = 0; i < FLOOD; i++) {
        sequence(0, 99, 0);
        expect_status(status_over(&alice.conn), NFS4ERR_SEQ_MISORDERED);
    }
    expect_flood(start, "sequence.refused", "sequence.refused_left_out");
}

/* Neither does a flood of retries. */
static void flood_of_replays(void **state)
{
    int64_t start;

    (void)state;
    begin(&alice, NULL);
    client_op_putrootfh(C);
    run(NFS4_OK);
    start = wait_now_ms();
    for (unsigned i = 0; i < FLOOD; i++)
        expect_status(status_over(&alice.conn), NFS4_OK);
    expect_flood(start, "sequence.replay", "sequence.replay_left_out");
}

/* A retry of CREATE_SESSION makes no session and logs none. The line names the client. */
static void created_once(void **state)
{
    struct client_session_wish wish = client_session_wish_default("creator");
    static struct client_session session;
    struct log_line line;
    enum nfsstat4 status;

    (void)state;
    assert_int_equal(client_session_exchange_id(&alice.conn, &wish, &session, &status), CLIENT_OK);
    for (unsigned i = 0; i < 2; i++) {
        unsigned before = log_find("session.create", NULL).count;
        uint32_t seqid = session.create_seqid;

        assert_int_equal(client_session_create(&alice.conn, &wish, &session, &status), CLIENT_OK);
        expect_status(status, NFS4_OK);
        session.create_seqid = seqid;
        assert_int_equal(log_find("session.create", NULL).count, before + (i == 0));
    }
    line = log_find_with("session.create", "owner", "creator");
    assert_int_equal(line.count, 1);
    assert_string_equal(log_value(&line, "peer"), "127.0.0.1");
    assert_int_equal(log_number(&line, "minor"), 1);
}

/* Request the stats and wait for them. */
static struct log_line stats(void)
{
    unsigned before = log_find("daemon.sessions", NULL).count;
    struct log_line line;

    assert_int_equal(kill(script_server.pid, SIGUSR1), 0);
    wait_until_every(5, (line = log_find("daemon.sessions", NULL)).count > before);
    assert_int_equal(line.count, before + 1);
    return line;
}

static uint64_t moved(const struct log_line *before, const struct log_line *after, const char *name)
{
    return log_number(after, name) - log_number(before, name);
}

/* L-16, S20-29, S20-30, S20-31, S20-33, S20-34: every figure of the tables moves in the running
 * server. */
static void stats_of_a_run(void **state)
{
    struct log_line before = stats(), after;
    uint32_t seqid;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        begin(&alice, NULL);
        client_op_putrootfh(C);
        run(NFS4_OK);
        if (i % 4 == 0)
            expect_status(status_over(&alice.conn), NFS4_OK);
    }
    seqid = alice.session.slots[0].seqid;
    sequence(0, seqid + 5, 0);
    expect_status(status_over(&alice.conn), NFS4ERR_SEQ_MISORDERED);
    after = stats();
    assert_int_equal(moved(&before, &after, "sequence_total"), 26);
    assert_int_equal(moved(&before, &after, "sequence_errors_total"), 1);
    assert_int_equal(moved(&before, &after, "replay_hits_total"), 5);
    assert_int_equal(moved(&before, &after, "failures_replay_hit"), 5);
    assert_int_equal(moved(&before, &after, "failures_seq_misordered"), 1);
    assert_int_equal(log_number(&after, "sessions"), 2);
    assert_true(log_number(&after, "reply_bytes") > 0);
    /* Every figure of the tables is there. */
#define X(name, help) (void)log_number(&after, #name);
    SESSION_COUNTERS(X)
#undef X
#define X(type, status, help) (void)log_number(&after, "failures_" #type);
    SESSION_FAILURES(X)
#undef X
}

#ifdef MAINSTAY_V40
static struct log_line stats_of(const char *event)
{
    unsigned before = log_find(event, NULL).count;
    struct log_line line;

    (void)stats();
    wait_until_every(5, (line = log_find(event, NULL)).count > before);
    return line;
}

/* L-16: the duplicate request cache. */
static void stats_of_duplicates(void **state)
{
    struct log_line before, after;
    struct client_mount carol;

    (void)state;
    script_mount_v40(&carol);
    before = stats_of("daemon.duplicates");
    for (unsigned i = 0; i < 10; i++) {
        begin(&carol, NULL);
        client_op_putrootfh(C);
        client_op_remove(C, "nothing");
        run(NFS4ERR_ROFS);
        if (i % 2)
            run_again_on(NULL, NFS4ERR_ROFS);
    }
    after = stats_of("daemon.duplicates");
    assert_int_equal(moved(&before, &after, "inserts"), 10);
    assert_int_equal(moved(&before, &after, "hits"), 5);
    assert_int_equal(moved(&before, &after, "entries"), 10);
    assert_true(moved(&before, &after, "bytes") > 1000);
    assert_int_equal(log_number(&after, "clients"), 1);
    assert_int_equal(log_number(&after, "waiting"), 0);
    /* Every figure of the table is there. */
#define X(name, help) (void)log_number(&after, #name);
    DUPLICATE_COUNTERS(X)
#undef X
    client_mount_close(&carol);
}
#endif

/* L-16: each error type is counted by the running server. */
static void stats_of_each_type(void **state)
{
    struct client_conn other;
    enum nfsstat4 status;
    struct log_line after;

    slot_errors();
    early_errors();
    size_errors();
    begin(&alice, NULL);
    run(NFS4_OK);
    expect_status(status_over(&alice.conn), NFS4_OK);
    client_compound_free(C);
    client_compound_begin_slot(C, &alice.session, 1, false);
    client_op_putrootfh(C);
    run(NFS4_OK);
    run(NFS4ERR_RETRY_UNCACHED_REP);
    script_connect(&other);
    assert_int_equal(client_session_destroy(&other, &alice.session, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_CONN_NOT_BOUND_TO_SESSION);
    client_conn_close(&other);
    busy_slot_has_a_record(state);
    after = stats();
#define X(type, status, help)                                                                      \
    if (log_number(&after, "failures_" #type) == 0)                                                \
        fail_msg("%s has not moved", #type);
    SESSION_FAILURES(X)
#undef X
}

/* The last line of `event` as soon as there are `count` of them; the server writes them with a
 * delay. */
static struct log_line log_await(const char *event, unsigned count)
{
    struct log_line line;

    wait_until_every(5, (line = log_find(event, NULL)).count >= count);
    assert_int_equal(line.count, count);
    return line;
}

/* S20-32, L-16: a line for each session, and none after its end. */
static void stats_of_sessions(void **state)
{
    char session[2 * NFS4_SESSIONID_SIZE + 1];
    struct log_line line;
    enum nfsstat4 status;

    (void)state;
    (void)stats();
    hex(bob.session.sessionid, session);
    (void)log_await("session.stats", 2);
    assert_int_equal(client_session_close(&bob.conn, &bob.session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    (void)stats();
    line = log_await("session.stats", 3);
    assert_string_not_equal(log_value(&line, "session"), session);
    assert_int_equal(log_number(&line, "slots_in_use"), 0);
    assert_int_equal(log_number(&line, "total_slots"), alice.session.slot_count);
}

/* SR-11, L-16: the line names a client by its owner string and by its client id. */
static void stats_of_clients(void **state)
{
    struct log_line line;

    (void)state;
    (void)stats();
    line = log_await("client.stats", 2);
    assert_int_equal(log_number(&line, "sessions"), 1);
    assert_int_equal(log_number(&line, "connections"), 1);
    assert_int_equal(log_number(&line, "courtesy"), 0);
    assert_string_equal(log_value(&line, "implementation"), "Mainstay client " MAINSTAY_VERSION);
    assert_string_equal(log_value(&line, "domain"), "mainstay");
}

/* L-16: the stats of connections and calls. */
static void stats_of_transport(void **state)
{
    struct log_line line;

    (void)state;
    (void)stats();
    line = log_await("daemon.transport", 1);
    assert_int_equal(log_number(&line, "connections"), 2);
    assert_int_equal(log_number(&line, "accepted"), 2);
    assert_true(log_number(&line, "calls") >= 8);
    assert_true(log_number(&line, "bytes_in") > 0);
}

/* Peers that never create a session cannot fill the disk with log lines. */
static void flood_of_strangers(void **state)
{
    struct client_session_wish wish = client_session_wish_default("stranger");
    struct client_session session;
    enum nfsstat4 status;

    (void)state;
    for (int i = 0; i < FLOOD; i++) {
        assert_int_equal(client_session_exchange_id(&alice.conn, &wish, &session, &status),
                         CLIENT_OK);
        assert_int_equal(status, NFS4_OK);
    }
    assert_int_equal(log_find("client.remove", NULL).count, 0);
}

static struct flavor text = {"info", "text"}, json = {"info", "json"}, quiet = {"warn", "text"},
                     debug = {"debug", "text"}, debug_json = {"debug", "json"};

#define TEST(name, flavor)                                                                         \
    {                                                                                              \
#name " " #flavor, name, set_up, tear_down, &(flavor)                                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_error_has_a_record, text),
        TEST(each_error_has_a_record, json),
        TEST(busy_slot_has_a_record, text),
        TEST(replays_at_info, text),
        TEST(replays_at_info, json),
        TEST(silent_at_warn, quiet),
        TEST(lists_of_operations, debug),
        TEST(lists_of_operations, debug_json),
        TEST(path_of_each_compound, debug),
        TEST(path_of_each_compound, debug_json),
        TEST(flood, text),
        TEST(flood_of_replays, text),
        TEST(flood_of_strangers, text),
        TEST(created_once, text),
        TEST(stats_of_a_run, text),
        TEST(stats_of_a_run, json),
        TEST(stats_of_each_type, text),
        TEST(stats_of_sessions, text),
        TEST(stats_of_clients, text),
        TEST(stats_of_transport, text),
#ifdef MAINSTAY_V40
        TEST(replays_v40_at_info, text),
        TEST(replays_v40_at_info, json),
        TEST(stats_of_duplicates, text),
#endif
        {"tail_of_local", tail_of_local, NULL, tear_down, NULL},
    };

    return test_group_run(tests);
}
