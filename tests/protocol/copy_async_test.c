/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY that goes on after its reply (RFC 7862 §4): its end by CB_OFFLOAD, OFFLOAD_STATUS,
 * OFFLOAD_CANCEL, callbacks that get lost, and what ends it before its time.
 */
#include <string.h>
#include <sys/socket.h>

#include "admin_call.h"
#include "offloading.h"
#include "scrape.h"

#define SIZE (32 * COPYING_MIB + 5)

static struct client_fh dir;
static struct holder holder;
static struct client_file from, to;
static char mem_to_local[] = "/mem /local";

static int start(void **state)
{
    static char local[128];
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--export", local, NULL};

    (void)state;
    script_minor = 2;
    if (script_server.dir[0] == '\0' && !test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all("/mem") ? 0 : -1;
}

/* A new file, open without a delegation that others would have to have recalled. */
static struct client_file open_new(const struct client_fh *in, const char *name)
{
    const struct client_open how = {.owner = "copier",
                                    .access =
                                        OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                    .name = name,
                                    .create = true,
                                    .how = GUARDED4,
                                    .mode = 0666};
    struct client_file file;

    expect_status(client_file_open(&holder.mount, in, &how, &file), NFS4_OK);
    return file;
}

/* The holder has a source of that size open, and a target. */
static void make_two(const char *exports, uint64_t size)
{
    const char *blank = strchr(exports, ' ');
    struct client_fh target;

    dir = script_dir(blank ? "/mem" : exports);
    target = blank ? script_dir(blank + 1) : dir;
    from = open_new(&dir, "from");
    to = open_new(&target, "to");
    copying_fill(&holder.mount, &from, 0, size, 1);
}

static struct stateid4 begin_all(void)
{
    struct copying all = copying_all(&from, &to);

    all.asynchronous = true;
    return offloading_begin(&holder.mount, &all);
}

static const struct client_callback_op *heard(const struct stateid4 *stateid, uint32_t *number)
{
    return offloading_heard(&holder, stateid, number);
}

static const struct client_callback_op *hear(const struct stateid4 *stateid, uint32_t *number)
{
    return offloading_hear(&holder, stateid, number);
}

static double metric(const char *pattern)
{
    struct scrape scrape = scrape_take();
    double value = scrape_sum(&scrape, pattern);

    scrape_free(&scrape);
    return value;
}

static void expect_gone(const struct stateid4 *stateid)
{
    offloading_expect_gone(&holder, &to.fh, stateid);
}

static void told(void **state)
{
    struct stateid4 stateid;
    const struct client_callback_op *op;
    const struct client_callback *cb;
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    uint32_t number = 0, seqid;
    double begun = metric("copy_begun"), done = metric("copy_done"), bytes = metric("copy_bytes");

    holder_open(&holder, 2);
    make_two(*state, SIZE);
    seqid = holder.mount.session.slots[0].seqid;
    stateid = begin_all();
    memcpy(verifier, result(OP_COPY)->opcopy.cr_response.wr_writeverf, sizeof(verifier));
    op = hear(&stateid, &number);
    cb = client_callback_at(holder.callbacks, number);
    expect_status(op->offload_status, NFS4_OK);
    assert_int_equal(op->offload_bytes, SIZE);
    assert_memory_equal(op->offload_verifier, verifier, sizeof(verifier));
    assert_int_equal(op->fh.len, to.fh.len);
    assert_memory_equal(op->fh.data, to.fh.data, to.fh.len);
    /* Its reply comes first, RFC 8881 §2.10.6.3. */
    assert_int_equal(cb->referring_count, 1);
    assert_int_equal(cb->referring[0].seqid, seqid);
    assert_int_equal(cb->referring[0].slot, 0);
    expect_gone(&stateid);
    assert_true(metric("copy_begun") == begun + 1);
    assert_true(metric("copy_done") == done + 1);
    assert_true(metric("copy_bytes") == bytes + SIZE);
    assert_true(metric("copies") == 0);
    copying_expect(&bob, &to.fh, 0, SIZE, 0, 1);
    assert_int_equal(copying_size(&bob, &to.fh), SIZE);
    begin(&holder.mount, &to.fh);
    client_op_commit(C, 0, 0);
    run(NFS4_OK);
    assert_memory_equal(result(OP_COMMIT)->opcommit.writeverf, verifier, sizeof(verifier));
    holder_close(&holder);
}

static void progress(void **state)
{
    struct stateid4 stateid;
    uint64_t last = 0;
    bool complete = false;

    holder_open(&holder, 2);
    holder.mount.conn.behaviour.op_status = NFS4ERR_DELAY; /* no reply that counts */
    make_two(*state, SIZE);
    stateid = begin_all();
    while (!complete) {
        const struct OFFLOAD_STATUS4resok *resok;

        expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_STATUS, &stateid), NFS4_OK);
        resok = &result(OP_OFFLOAD_STATUS)->opoffload_status;
        assert_in_range(resok->osr_count, last, SIZE);
        last = resok->osr_count;
        complete = resok->osr_complete_count > 0;
        if (complete)
            expect_status(*resok->osr_complete, NFS4_OK);
    }
    assert_int_equal(last, SIZE);
    assert_true(metric("copies{state=\"ended\"}") == 1);
    assert_true(metric("copies{state=\"live\"}") == 0);
    expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_CANCEL, &stateid), NFS4_OK);
    expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_STATUS, &stateid), NFS4ERR_BAD_STATEID);
    holder_close(&holder);
}

/* Once it is cancelled, nothing more is written. */
static void cancelled(void **state)
{
    for (int i = 0; i < 20; i++) {
        struct stateid4 stateid, other;
        struct copying again;
        struct client_file first;
        uint32_t number = 0;

        holder_open(&holder, 2);
        holder.mount.conn.behaviour.op_status = NFS4ERR_DELAY;
        make_two(*state, 9 * COPYING_MIB);
        stateid = begin_all();
        if (i % 2)
            (void)offload(&holder.mount, &to.fh, OP_OFFLOAD_STATUS, &stateid);
        expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_CANCEL, &stateid), NFS4_OK);
        expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_CANCEL, &stateid),
                      NFS4ERR_BAD_STATEID);
        begin(&holder.mount, &to.fh);
        client_op_setattr(C, &to.stateid, CLIENT_BITS(FATTR4_SIZE),
                          &(struct nfs4_attrs){.size = 0});
        run(NFS4_OK);
        /* Another one, which has its turns after it. */
        first = to;
        to = open_new(&dir, "other");
        again = copying_all(&from, &to);
        again.asynchronous = true;
        other = offloading_begin(&holder.mount, &again);
        (void)hear(&other, &number);
        assert_int_equal(copying_size(&bob, &first.fh), 0);
        holder_close(&holder);
    }
}

/* Whoever is quicker, one of the two knows. */
static void cancelled_at_its_end(void **state)
{
    holder_open(&holder, 2);
    make_two(*state, 8 * COPYING_MIB + 1);
    for (int i = 0; i < 50; i++) {
        struct stateid4 stateid = begin_all();
        enum nfsstat4 status = offload(&holder.mount, &to.fh, OP_OFFLOAD_CANCEL, &stateid);
        uint32_t number = 0;

        if (status != NFS4_OK) {
            expect_status(status, NFS4ERR_BAD_STATEID);
            assert_non_null(heard(&stateid, &number));
        }
        expect_gone(&stateid);
    }
    holder_close(&holder);
}

static void expect_unknown(struct client_mount *mount, const struct client_fh *fh,
                           struct stateid4 stateid)
{
    expect_status(offload(mount, fh, OP_OFFLOAD_STATUS, &stateid), NFS4ERR_BAD_STATEID);
    expect_status(offload(mount, fh, OP_OFFLOAD_CANCEL, &stateid), NFS4ERR_BAD_STATEID);
}

/* The stateid names this copy to this client with this file, and nothing else. */
static void stateids(void **state)
{
    struct stateid4 stateid, zero;
    struct client_cred own;

    holder_open(&holder, 2);
    holder.mount.conn.behaviour.op_status = NFS4ERR_DELAY;
    make_two(*state, SIZE);
    stateid = zero = begin_all();
    zero.seqid = 0;
    expect_unknown(&holder.mount, &to.fh, zero);
    zero.seqid = 2;
    expect_unknown(&holder.mount, &to.fh, zero);
    expect_unknown(&holder.mount, &from.fh, stateid);
    expect_unknown(&holder.mount, &to.fh, to.stateid);
    expect_unknown(&holder.mount, &to.fh, client_stateid_anonymous);
    expect_unknown(&holder.mount, &to.fh, client_stateid_bypass);
    expect_unknown(&bob, &to.fh, stateid);
    expect_status(offload(&holder.mount, NULL, OP_OFFLOAD_STATUS, &stateid), NFS4ERR_NOFILEHANDLE);
    expect_status(offload(&holder.mount, NULL, OP_OFFLOAD_CANCEL, &stateid), NFS4ERR_NOFILEHANDLE);
    own = holder.mount.conn.cred;
    holder.mount.conn.cred = script_stranger();
    expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_CANCEL, &stateid), NFS4ERR_BAD_STATEID);
    holder.mount.conn.cred = own;
    /* No other operation knows it. */
    begin(&holder.mount, &to.fh);
    client_op_read(C, &stateid, 0, 1);
    run(NFS4ERR_BAD_STATEID);
    begin(&holder.mount, &to.fh);
    client_op_write(C, &stateid, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_BAD_STATEID);
    begin(&holder.mount, &to.fh);
    client_op_close(C, &stateid);
    run(NFS4ERR_BAD_STATEID);
    begin(&holder.mount, NULL);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_FREE_STATEID,
                                                .opfree_stateid = {.fsa_stateid = stateid}});
    run(NFS4ERR_BAD_STATEID);
    begin(&holder.mount, NULL);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_TEST_STATEID, .optest_stateid = {&stateid, 1}});
    run(NFS4_OK);
    assert_int_equal(result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0],
                     NFS4ERR_BAD_STATEID);
    expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_CANCEL, &stateid), NFS4_OK);
    holder_close(&holder);
}

/* The client is told until it replies. */
static void told_again(void **state)
{
    static const struct client_behaviour behaviours[] = {
        {.op_status = NFS4ERR_DELAY, .times = 2},
        {.op_status = NFS4ERR_BAD_STATEID, .times = 1},
        {.sequence_status = NFS4ERR_DELAY, .times = 2},
        {.act = CLIENT_ACT_RPC_ERROR, .accept_stat = ACCEPT_SYSTEM_ERR, .times = 1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(behaviours); i++) {
        struct stateid4 stateid;
        uint32_t number = 0;

        holder_open(&holder, 2);
        make_two(*state, 9 * COPYING_MIB);
        holder.mount.conn.behaviour = behaviours[i];
        stateid = begin_all();
        do {
            holder_pump_until(&holder, holder.callbacks->count > number);
            number++;
        } while (holder.callbacks->count <= behaviours[i].times);
        number = behaviours[i].times;
        expect_status(hear(&stateid, &number)->offload_status, NFS4_OK);
        expect_gone(&stateid);
        holder_close(&holder);
    }
}

/* The connection is cut while the copy runs, or in place of the reply; or by the server, which
 * waits for the reply in vain. */
static void connection_lost(void **state)
{
    static const enum client_act acts[] = {CLIENT_ACT_ANSWER, CLIENT_ACT_CUT_BEFORE,
                                           CLIENT_ACT_CUT_AFTER, CLIENT_ACT_IGNORE};

    for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
        struct stateid4 stateid;
        uint32_t number = 0;

        holder_open(&holder, 2);
        make_two(*state, SIZE);
        holder.mount.conn.behaviour.act = acts[i];
        stateid = begin_all();
        if (acts[i] == CLIENT_ACT_ANSWER)
            client_conn_close(&holder.mount.conn);
        else
            holder_pump_until(&holder, holder.mount.conn.fd < 0);
        holder_reconnect(&holder, CDFC4_FORE_OR_BOTH);
        holder.mount.conn.behaviour.act = CLIENT_ACT_ANSWER;
        expect_status(hear(&stateid, &number)->offload_status, NFS4_OK);
        expect_gone(&stateid);
        copying_expect(&bob, &to.fh, 0, SIZE, 0, 1);
        holder_close(&holder);
    }
}

/* Whatever becomes of the callback, OFFLOAD_STATUS tells the result, and the client is told again
 * (RFC 7862 §15.9). */
static void unanswered(void **state)
{
    static const enum client_act acts[] = {
        CLIENT_ACT_IGNORE,    CLIENT_ACT_CUT_AFTER, CLIENT_ACT_CUT_AMID, CLIENT_ACT_GARBAGE,
        CLIENT_ACT_WRONG_XID, CLIENT_ACT_SHORT,     CLIENT_ACT_DENY};

    for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
        struct stateid4 stateid;
        uint32_t number = 0;

        holder_open(&holder, 2);
        make_two(*state, 9 * COPYING_MIB);
        holder.mount.conn.behaviour =
            (struct client_behaviour){.act = acts[i], .auth_stat = AUTH_BADCRED};
        stateid = begin_all();
        holder_pump_until(&holder, holder.callbacks->count > 0 || holder.mount.conn.fd < 0);
        client_conn_close(&holder.mount.conn);
        /* Not for callbacks yet: the server can't repeat it before the question. */
        holder_reconnect(&holder, CDFC4_FORE);
        expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_STATUS, &stateid), NFS4_OK);
        assert_true(offloading_is_over());
        expect_status(*result(OP_OFFLOAD_STATUS)->opoffload_status.osr_complete, NFS4_OK);
        assert_int_equal(result(OP_OFFLOAD_STATUS)->opoffload_status.osr_count, 9 * COPYING_MIB);
        holder.mount.conn.behaviour = (struct client_behaviour){0};
        number = holder.callbacks->count;
        client_conn_close(&holder.mount.conn);
        holder_reconnect(&holder, CDFC4_FORE_OR_BOTH);
        expect_status(hear(&stateid, &number)->offload_status, NFS4_OK);
        expect_gone(&stateid);
        holder_close(&holder);
    }
}

/* Either file is closed meanwhile: what a READ or a WRITE would be told. */
static void closed(void **state)
{
    for (int i = 0; i < 2; i++) {
        const struct client_callback_op *op;
        double failed = metric("copy_failed");
        bool seen = false;

        while (!seen) {
            struct stateid4 stateid;
            uint32_t number = 0;

            holder_open(&holder, 2);
            make_two(*state, SIZE);
            stateid = begin_all();
            expect_status(client_file_close(&holder.mount, i == 0 ? &from : &to), NFS4_OK);
            op = hear(&stateid, &number);
            seen = op->offload_status == NFS4ERR_BAD_STATEID;
            if (seen)
                assert_in_range(op->offload_bytes, 0, SIZE - 1);
            else
                expect_status(op->offload_status, NFS4_OK); /* it was quicker */
            assert_true(metric("copy_failed") == failed + seen);
            holder_close(&holder);
        }
    }
}

/* The source becomes shorter: the copy ends there. */
static void shortened(void **state)
{
    bool seen = false;

    while (!seen) {
        const struct client_callback_op *op;
        struct stateid4 stateid;
        uint32_t number = 0;

        holder_open(&holder, 2);
        make_two(*state, SIZE);
        stateid = begin_all();
        begin(&holder.mount, &from.fh);
        client_op_setattr(C, &from.stateid, CLIENT_BITS(FATTR4_SIZE),
                          &(struct nfs4_attrs){.size = 0});
        run(NFS4_OK);
        op = hear(&stateid, &number);
        expect_status(op->offload_status, NFS4_OK);
        seen = op->offload_bytes < SIZE;
        assert_int_equal(copying_size(&bob, &to.fh), op->offload_bytes);
        holder_close(&holder);
    }
}

/* The exports change: the client has to ask again, and is examined again. */
static void exports_changed(void **state)
{
    double cut = metric("copy_short") + metric("copy_failed");
    bool seen = false;

    for (unsigned i = 0; !seen; i++) {
        char body[128], path[64];
        const struct client_callback_op *op;
        struct stateid4 stateid;
        uint32_t number = 0;

        holder_open(&holder, 2);
        make_two(*state, SIZE);
        stateid = begin_all();
        (void)snprintf(body, sizeof(body), "{\"path\": \"/more%u\", \"backend\": \"mem\"}", i);
        assert_int_equal(admin_send("POST", "/exports", body), 201);
        op = hear(&stateid, &number);
        seen = op->offload_bytes < SIZE;
        expect_status(op->offload_status, op->offload_bytes > 0 ? NFS4_OK : NFS4ERR_DELAY);
        assert_true(metric("copy_short") + metric("copy_failed") == cut + seen);
        (void)snprintf(path, sizeof(path), "/exports/%%2Fmore%u?force=true", i);
        assert_int_equal(admin_call("DELETE", path, NULL), 204);
        holder_close(&holder);
    }
}

/* An administrator ends the client; nothing of it remains. */
static void evicted(void **state)
{
    double others = metric("copies"); /* of clients of other tests, which have not heard of them */
    char path[64];

    for (int i = 0; i < 5; i++) {
        uint64_t size;

        holder_open(&holder, 2);
        make_two(*state, SIZE);
        (void)begin_all();
        (void)snprintf(path, sizeof(path), "/clients/%016llx",
                       (unsigned long long)holder.mount.session.clientid);
        assert_int_equal(admin_call("DELETE", path, NULL), 204);
        /* At most the turn that ran comes to its end. */
        do {
            size = copying_size(&bob, &to.fh);
        } while (size != copying_size(&bob, &to.fh));
        assert_in_range(size, 0, SIZE);
        wait_until(metric("copies") <= others);
        holder_drop(&holder);
    }
}

/* The client goes while its copy runs, or before it has heard of its end. */
static void gone(void **state)
{
    double cancelled = metric("copy_cancelled"), others = metric("copies");

    while (metric("copy_cancelled") == cancelled) {
        struct copying all;

        holder_open(&holder, 2);
        make_two(*state, SIZE);
        /* A client that has files open can't go. */
        expect_status(client_file_close(&holder.mount, &from), NFS4_OK);
        expect_status(client_file_close(&holder.mount, &to), NFS4_OK);
        all = copying_all(&from, &to);
        all.from_stateid = all.to_stateid = client_stateid_anonymous;
        all.asynchronous = true;
        (void)offloading_begin(&holder.mount, &all);
        holder_close(&holder);
        wait_until(metric("copies") <= others);
    }
}

/* Who can't be told gets an answer at once, of a part. */
static void without_callbacks(void **state)
{
    struct copying all;

    holder_open(&holder, 2);
    make_two(*state, SIZE);
    begin(&bob, &dir);
    all = copying_all(&from, &to);
    all.from_stateid = all.to_stateid = client_stateid_anonymous;
    all.asynchronous = true;
    assert_in_range(copying_run(&bob, &all, NFS4_OK), 1, SIZE - 1);
    holder_close(&holder);
}

/* The retry of a COPY names the same copy, and does not begin another one. */
static void retried(void **state)
{
    struct copying all;
    struct stateid4 stateid;
    uint32_t number = 0;

    holder_open(&holder, 2);
    make_two(*state, SIZE);
    all = copying_all(&from, &to);
    all.asynchronous = true;
    stateid = offloading_begin(&holder.mount, &all);
    retry_on(NULL);
    replay_on(NULL);
    assert_memory_equal(&stateid, result(OP_COPY)->opcopy.cr_response.wr_callback_id,
                        sizeof(stateid));
    (void)hear(&stateid, &number);
    expect_gone(&stateid);
    for (uint32_t i = 0; i < holder.callbacks->count; i++)
        if (i != number)
            assert_null(
                client_callback_lookup(client_callback_at(holder.callbacks, i), OP_CB_OFFLOAD));
    holder_close(&holder);
}

/* Many at a time; none is forgotten whose end the client has not acknowledged, RFC 7862 §4.8. */
static void many(void **state)
{
    enum {
        COUNT = 80 /* more than LIMIT_COPIES_PER_CLIENT */
    };
    struct stateid4 stateids[COUNT];
    struct copying all;
    unsigned asynchronous = 0;

    holder_open(&holder, 2);
    holder.mount.conn.behaviour.op_status = NFS4ERR_DELAY;
    make_two(*state, 9 * COPYING_MIB);
    all = copying_all(&from, &to);
    all.asynchronous = true;
    for (unsigned i = 0; i < COUNT; i++) {
        const struct write_response4 *response;

        copying_begin(&holder.mount, &all);
        run(NFS4_OK);
        response = &result(OP_COPY)->opcopy.cr_response;
        if (response->wr_callback_id_count > 0)
            stateids[asynchronous++] = *response->wr_callback_id;
        else
            assert_in_range(response->wr_count, 1, 9 * COPYING_MIB);
    }
    assert_in_range(asynchronous, 1, COUNT - 1);
    for (unsigned i = 0; i < asynchronous; i++)
        expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_STATUS, &stateids[i]), NFS4_OK);
    holder_close(&holder);
    copying_expect(&bob, &to.fh, 0, 8 * COPYING_MIB, 0, 1);
}

/* A copy ends with the server, and its stateid is unknown to the next one. */
static void restarted(void **state)
{
    struct stateid4 stateid;

    holder_open(&holder, 2);
    make_two(*state, SIZE);
    stateid = begin_all();
    assert_true(test_server_stop(&script_server));
    client_conn_close(&alice.conn);
    client_conn_close(&bob.conn);
    holder_drop(&holder);
    assert_int_equal(start(NULL), 0);
    holder_open(&holder, 2);
    dir = script_dir(*state);
    expect_unknown(&holder.mount, &dir, stateid);
    holder_close(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(told),
        {"told from /mem to /local", told, NULL, NULL, mem_to_local},
        ON_BOTH(progress),
        ON_BOTH(cancelled),
        ON_BOTH(cancelled_at_its_end),
        ON_BOTH(stateids),
        {"told_again", told_again, NULL, NULL, script_mem},
        {"connection_lost", connection_lost, NULL, NULL, script_mem},
        {"unanswered", unanswered, NULL, NULL, script_mem},
        ON_BOTH(closed),
        ON_BOTH(shortened),
        ON_BOTH(exports_changed),
        ON_BOTH(evicted),
        ON_BOTH(gone),
        ON_BOTH(without_callbacks),
        ON_BOTH(retried),
        ON_BOTH(many),
        {"restarted", restarted, NULL, NULL, script_mem}, /* the last, for its grace period */
    };

    return test_group_run_fixtures(tests, start, script_teardown);
}
