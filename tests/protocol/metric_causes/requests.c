/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of clients: operations, their errors, SEQUENCE, bytes.  S20-29 to S20-31, S20-34. */
#include <string.h>

#include "cause.h"
#include "protocol/script.h"

enum {
    GETATTRS = 1000, /* enough for the sample of durations */
    LONG_OPS = 30,
    DATA_BYTES = 1 << 18
};

static struct client_fh dir;
static struct client_file file;
static struct client_mount carol;

static void in_mem(void)
{
    dir = script_dir(script_mem);
}

static void in_local(void)
{
    dir = script_dir(script_local);
}

static void getattrs(void)
{
    for (unsigned i = 0; i < GETATTRS; i++) {
        begin(&alice, NULL);
        client_op_putrootfh(C);
        client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE));
        run(NFS4_OK);
    }
}

static void a_long_reply(void)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    for (unsigned i = 0; i < LONG_OPS; i++)
        client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE, FATTR4_SIZE, FATTR4_FILEID, FATTR4_OWNER));
    run(NFS4_OK);
}

static void no_entry(void)
{
    begin(&alice, &dir);
    client_op_lookup(C, "nobody");
    run(NFS4ERR_NOENT);
}

static void open_in_mem(void)
{
    in_mem();
    file = make_open(&alice, &dir, "bytes");
}

static void open_in_local(void)
{
    in_local();
    file = make_open(&alice, &dir, "bytes");
}

static void bytes_written(void)
{
    static uint8_t data[DATA_BYTES];

    begin(&alice, &file.fh);
    client_op_write(C, &file.stateid, 0, FILE_SYNC4, data, sizeof(data));
    run(NFS4_OK);
}

static void open_with_bytes(void)
{
    open_in_mem();
    bytes_written();
}

static void bytes_read(void)
{
    begin(&alice, &file.fh);
    client_op_read(C, &file.stateid, 0, DATA_BYTES);
    run(NFS4_OK);
}

/* By a client of 4.2. */
static void open_with_a_hole(void)
{
    const struct nfs4_attrs attrs = {.size = DATA_BYTES};

    in_mem();
    script_mount_v42(&carol);
    file = make_open(&carol, &dir, "hole");
    expect_status(client_file_setattr(&carol, &file.fh, CLIENT_BITS(FATTR4_SIZE), &attrs), NFS4_OK);
}

static void hole_read(void)
{
    begin(&carol, &file.fh);
    client_op_read_plus(C, &file.stateid, 0, DATA_BYTES);
    run(NFS4_OK);
}

static void close_hole(void)
{
    expect_status(client_file_close(&carol, &file), NFS4_OK);
    client_mount_close(&carol);
}

static void close_file(void)
{
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static void a_directory(void)
{
    struct client_fh made;

    expect_status(client_file_mkdir(&alice, &dir, "made", &made), NFS4_OK);
}

/* ---- SEQUENCE ---- */

static uint32_t seqid(void)
{
    return alice.session.slots[0].seqid;
}

static void sequence_of(const uint8_t *id, uint32_t slot, uint32_t number, uint32_t highest)
{
    struct nfs_argop4 op = {.argop = OP_SEQUENCE,
                            .opsequence = {.sa_sequenceid = number,
                                           .sa_slotid = slot,
                                           .sa_highest_slotid = highest,
                                           .sa_cachethis = true}};

    memcpy(op.opsequence.sa_sessionid, id, NFS4_SESSIONID_SIZE);
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_compound_add(C, &op);
}

static void sequence(uint32_t slot, uint32_t number, uint32_t highest)
{
    sequence_of(alice.session.sessionid, slot, number, highest);
}

/* Send C as it is. */
static void expect_answer(enum nfsstat4 status)
{
    client_result_free(R);
    assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
    expect_status(R->status, status);
}

static void before(void)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    run(NFS4_OK);
}

static void misordered(void)
{
    sequence(0, seqid() + 7, 0);
    expect_answer(NFS4ERR_SEQ_MISORDERED);
}

static void false_retry(void)
{
    sequence(0, seqid() - 1, 0);
    client_op(C, OP_PUTPUBFH);
    expect_answer(NFS4ERR_SEQ_FALSE_RETRY);
}

static void bad_slot(void)
{
    sequence(alice.session.slot_count, 1, 0);
    expect_answer(NFS4ERR_BADSLOT);
}

static void bad_high_slot(void)
{
    sequence(0, seqid(), alice.session.slot_count);
    expect_answer(NFS4ERR_BAD_HIGH_SLOT);
}

static void too_many(void)
{
    sequence(0, seqid(), 0);
    for (uint32_t i = 0; i < alice.session.fore.ca_maxoperations; i++)
        client_op_putrootfh(C);
    expect_answer(NFS4ERR_TOO_MANY_OPS);
}

static void no_session(void)
{
    const uint8_t nobody[NFS4_SESSIONID_SIZE] = {1, 2, 3};

    sequence_of(nobody, 0, 1, 0);
    expect_answer(NFS4ERR_BADSESSION);
}

static void late_sequence(void)
{
    begin(&alice, NULL);
    client_compound_add_words(C, (const uint32_t[]){OP_SEQUENCE, 0, 0, 0, 0, 77, 0, 0, 0}, 9);
    client_compound_set_count(C, 2);
    expect_answer(NFS4ERR_SEQUENCE_POS);
}

/* No export takes AUTH_NONE. */
static void by_nobody(void)
{
    begin_bare(&alice, 1);
    client_op_putrootfh(C);
    alice.conn.cred.none = true;
    assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_REJECTED);
    alice.conn.cred.none = false;
}

static void again(void)
{
    expect_answer(NFS4_OK);
}

static void before_uncached(void)
{
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_slot(C, &alice.session, 0, false);
    client_op_putrootfh(C);
    run(NFS4_OK);
}

static void again_uncached(void)
{
    expect_answer(NFS4ERR_RETRY_UNCACHED_REP);
}

/* Nothing of them is executed but SEQUENCE. */
#define REFUSED(what, before, after, type)                                                         \
    {                                                                                              \
        .name = (what), .prepare = (before), .begin = (after), .requests = true,                   \
        .moves = {"sequence_errors{type=\"" type "\"}", "sequence"}, .may = {"operation_errors"},  \
    }

static const struct cause causes[] = {
    {.name = "requests",
     .begin = getattrs,
     .requests = true,
     .moves = {"operations{op=\"GETATTR\"}", "operations{op=\"SEQUENCE\"}",
               "operation_duration_seconds{op=\"GETATTR\"}", "sequence", "process_cpu_seconds",
               "transport_calls", "transport_replies", "transport_bytes_in",
               "transport_bytes_out"}},
    {.name = "a long reply",
     .prepare = before,
     .begin = a_long_reply,
     .requests = true,
     .moves = {"reply_cache_bytes"}},
    {.name = "an error",
     .prepare = in_mem,
     .begin = no_entry,
     .requests = true,
     .moves = {"operation_errors{minor=\"1\",op=\"LOOKUP\",status=\"NFS4ERR_NOENT\"}"}},
    {.name = "a flavor that no export takes",
     .prepare = in_mem,
     .begin = by_nobody,
     .requests = true,
     .moves = {"export_refused{why=\"sec\"}", "transport_rejected"}},
    {.name = "bytes written",
     .prepare = open_in_mem,
     .begin = bytes_written,
     .end = close_file,
     .requests = true,
     .moves = {"export_written_bytes{export=\"/mem\"}", "memory_bytes{kind=\"data\"}"}},
    {.name = "bytes read",
     .prepare = open_with_bytes,
     .begin = bytes_read,
     .end = close_file,
     .requests = true,
     .moves = {"export_read_bytes{export=\"/mem\"}"}},
    {.name = "bytes of a hole read",
     .prepare = open_with_a_hole,
     .begin = hole_read,
     .end = close_hole,
     .requests = true,
     .moves = {"export_hole_bytes{export=\"/mem\"}"}},
    {.name = "bytes written to a disk",
     .prepare = open_in_local,
     .begin = bytes_written,
     .end = close_file,
     .requests = true,
     .moves = {"export_written_bytes{export=\"/local\"}", "transport_handoffs"},
     .may = {"threads"}},
    {.name = "a change of a directory on a disk",
     .prepare = in_local,
     .begin = a_directory,
     .requests = true,
     .moves = {"stable_wait_seconds"},
     .may = {"threads", "transport_handoffs"}},
    REFUSED("a wrong seqid", before, misordered, "seq_misordered"),
    REFUSED("another request with the last seqid", before, false_retry, "false_retry"),
    REFUSED("a slot that is not there", before, bad_slot, "badslot"),
    REFUSED("a highest slot that is not there", before, bad_high_slot, "bad_high_slot"),
    REFUSED("too many operations", before, too_many, "too_many_ops"),
    REFUSED("a session that is not there", NULL, no_session, "bad_session"),
    REFUSED("SEQUENCE in the wrong place", NULL, late_sequence, "sequence_pos"),
    {.name = "a retry",
     .prepare = before,
     .begin = again,
     .requests = true,
     .moves = {"replay_hits", "sequence_errors{type=\"replay_hit\"}", "sequence"}},
    REFUSED("a retry of a reply that was not kept", before_uncached, again_uncached, "uncached"),
};

const struct cause_list cause_requests = {causes, ARRAY_SIZE(causes)};
