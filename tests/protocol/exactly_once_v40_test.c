/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly once without sessions: clients of minor version 0 make, rename and remove directories at
 * once, each in a directory of its own, while connections are cut around the requests, requests are
 * sent twice, and old ones are repeated much later. Each repeated request must get its first reply,
 * byte for byte, and each change must begin where the last one ended (change_info4): nothing is
 * done twice, and nothing is left out.
 *
 * MAINSTAY_SEED repeats a run's steps, MAINSTAY_OPERATIONS sets their number.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "exactly_once/random.h"
#include "script.h"
#include "transport/record.h"
#include "wire/nfs4_const.h"

enum {
    LANES = 3,
    STEPS = 1500, /* of each */
    NAMES = 12,
    OLD = 16, /* requests that may be repeated */
    CONNS = 2
};

enum trouble {
    TROUBLE_NONE,
    TROUBLE_REPLY_LOST,
    TROUBLE_CUT_BEHIND,
    TROUBLE_CUT_WITHIN,
    TROUBLE_TWICE,
    TROUBLE_OLD_ONE, /* an old request is repeated behind this one */
    TROUBLE_KINDS
};

/* A request and its reply. */
struct told {
    struct client_compound c;
    struct client_result r;
    uint32_t xid;
    bool is_there;
};

struct lane {
    unsigned number;
    uint32_t steps, xid;
    struct client_fh dir;
    struct client_conn conns[CONNS];
    struct random random;
    bool there[NAMES];
    uint64_t change; /* of dir; 0: not known */
    struct told old[OLD];
    uint64_t replays;
};

static uint64_t seed;
static _Atomic bool failed;

/* cmocka's asserts work on the main thread only. */
static bool differs(const struct lane *lane, const char *what)
{
    if (!atomic_exchange(&failed, true))
        print_error("lane %u, %u steps to go: %s (MAINSTAY_SEED=%llu)\n", lane->number, lane->steps,
                    what, (unsigned long long)seed);
    return false;
}

/* ---- requests and disturbances ---- */

static bool reconnect(struct lane *lane, unsigned at)
{
    client_conn_abort(&lane->conns[at]);
    if (client_conn_open(&lane->conns[at], script_server.target, SCRIPT_TIMEOUT_MS) != CLIENT_OK)
        return differs(lane, "no connection");
    lane->conns[at].cred = script_cred();
    return true;
}

static bool put(struct lane *lane, unsigned at, const struct told *q)
{
    return client_compound_send_again(&lane->conns[at], &q->c, q->xid) == CLIENT_OK ||
           differs(lane, "not sent");
}

/* Send a part of the request. */
static bool put_part(struct lane *lane, unsigned at, const struct told *q)
{
    struct wire_opaque args = client_compound_args(&q->c);
    struct client_conn *conn = &lane->conns[at];
    uint8_t record[4096];
    size_t len = client_call_encode(&conn->cred, q->xid, NFS4_PROGRAM, NFS_V4, NFSPROC4_COMPOUND,
                                    args.data, args.len, record + RPC_RECORD_MARK_BYTES,
                                    sizeof(record) - RPC_RECORD_MARK_BYTES);

    rpc_record_mark_put(record, (uint32_t)len, true);
    len = 1 + random_below(&lane->random, (uint32_t)len + RPC_RECORD_MARK_BYTES - 1);
    return client_conn_send_raw(conn, record, len) == CLIENT_OK || differs(lane, "not sent");
}

static bool take(struct lane *lane, unsigned at, const struct told *q, struct client_result *r)
{
    if (client_result_receive(&lane->conns[at], q->xid, r) == CLIENT_OK)
        return true;
    client_result_free(r);
    return differs(lane, "no reply");
}

/* Receive another reply to a request that has one already. */
static bool take_again(struct lane *lane, unsigned at, const struct told *q)
{
    struct client_result r;
    bool same;

    if (!take(lane, at, q, &r))
        return false;
    same = r.body.len == q->r.body.len && memcmp(r.body.data, q->r.body.data, r.body.len) == 0;
    client_result_free(&r);
    lane->replays++;
    return same || differs(lane, "another reply than the first time");
}

static bool again(struct lane *lane, unsigned at, const struct told *q)
{
    return put(lane, at, q) && take_again(lane, at, q);
}

static bool old_one(struct lane *lane, unsigned at)
{
    const struct told *q = &lane->old[random_below(&lane->random, OLD)];

    return !q->is_there || again(lane, at, q);
}

static bool deliver(struct lane *lane, struct told *q)
{
    unsigned at = random_below(&lane->random, CONNS);

    switch ((enum trouble)random_below(&lane->random, TROUBLE_KINDS)) {
    case TROUBLE_REPLY_LOST:
        return put(lane, at, q) && take(lane, at, q, &q->r) && reconnect(lane, at) &&
               again(lane, at, q) && again(lane, 1 - at, q);
    case TROUBLE_CUT_BEHIND:
        return put(lane, at, q) && reconnect(lane, at) && put(lane, 1 - at, q) &&
               take(lane, 1 - at, q, &q->r);
    case TROUBLE_CUT_WITHIN:
        return put_part(lane, at, q) && reconnect(lane, at) && put(lane, at, q) &&
               take(lane, at, q, &q->r);
    case TROUBLE_TWICE:
        return put(lane, at, q) && put(lane, 1 - at, q) && take(lane, at, q, &q->r) &&
               take_again(lane, 1 - at, q);
    case TROUBLE_OLD_ONE:
        return put(lane, at, q) && take(lane, at, q, &q->r) && old_one(lane, 1 - at);
    case TROUBLE_NONE:
    case TROUBLE_KINDS:
        break;
    }
    return put(lane, at, q) && take(lane, at, q, &q->r);
}

/* ---- steps ---- */

/* A place for a new request: that of the oldest one. */
static struct told *request_new(struct lane *lane)
{
    struct told *q = &lane->old[lane->steps % OLD];

    if (q->is_there) {
        client_result_free(&q->r);
        client_compound_free(&q->c);
    }
    q->is_there = false;
    q->xid = ++lane->xid;
    client_compound_begin(&q->c, client_text(""), 0);
    client_op_putfh(&q->c, &lane->dir);
    return q;
}

static bool expect(struct lane *lane, const struct told *q, enum nfsstat4 status)
{
    if (q->r.status == status)
        return true;
    print_error("%s instead of %s\n", status_name(q->r.status), status_name(status));
    return differs(lane, "another outcome");
}

/* Every change begins where the last one ended. */
static bool follow(struct lane *lane, const struct change_info4 *cinfo)
{
    if (cinfo->atomic && lane->change && cinfo->before != lane->change)
        return differs(lane, "something has been done in between");
    lane->change = cinfo->atomic ? cinfo->after : 0;
    return true;
}

static const char *name_of(unsigned name)
{
    static const char *const names[NAMES] = {"a", "b", "c", "d", "e", "f",
                                             "g", "h", "i", "j", "k", "l"};

    return names[name];
}

static bool step_create(struct lane *lane, struct told *q)
{
    unsigned name = random_below(&lane->random, NAMES);
    enum nfsstat4 status = lane->there[name] ? NFS4ERR_EXIST : NFS4_OK;

    client_op_create(&q->c, name_of(name), NF4DIR, NULL, 0700);
    if (!deliver(lane, q) || !expect(lane, q, status))
        return false;
    lane->there[name] = true;
    return status != NFS4_OK ||
           follow(lane, &client_result_lookup(&q->r, OP_CREATE)->opcreate.cinfo);
}

static bool step_remove(struct lane *lane, struct told *q)
{
    unsigned name = random_below(&lane->random, NAMES);
    enum nfsstat4 status = lane->there[name] ? NFS4_OK : NFS4ERR_NOENT;

    client_op_remove(&q->c, name_of(name));
    if (!deliver(lane, q) || !expect(lane, q, status))
        return false;
    lane->there[name] = false;
    return status != NFS4_OK ||
           follow(lane, &client_result_lookup(&q->r, OP_REMOVE)->opremove.cinfo);
}

static bool step_rename(struct lane *lane, struct told *q)
{
    unsigned from = random_below(&lane->random, NAMES);
    unsigned to = (from + 1 + random_below(&lane->random, NAMES - 1)) % NAMES;
    enum nfsstat4 status = lane->there[from] ? NFS4_OK : NFS4ERR_NOENT;

    client_op(&q->c, OP_SAVEFH);
    client_op_rename(&q->c, name_of(from), name_of(to));
    if (!deliver(lane, q) || !expect(lane, q, status))
        return false;
    if (status != NFS4_OK)
        return true;
    lane->there[from] = false;
    lane->there[to] = true;
    return follow(lane, &client_result_lookup(&q->r, OP_RENAME)->oprename.source_cinfo);
}

static void *lane_main(void *arg)
{
    static bool (*const kinds[])(struct lane *, struct told *) = {step_create, step_create,
                                                                  step_remove, step_rename};
    struct lane *lane = arg;
    bool going = true;

    for (; going && lane->steps > 0 && !atomic_load(&failed); lane->steps--) {
        struct told *q = request_new(lane);

        going = kinds[random_below(&lane->random, ARRAY_SIZE(kinds))](lane, q);
        q->is_there = going;
    }
    return NULL;
}

/* ---- the test ---- */

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void lane_open(struct lane *lane, unsigned number, const char *export)
{
    memset(lane, 0, sizeof(*lane));
    lane->number = number;
    lane->steps = (uint32_t)from_environment("MAINSTAY_OPERATIONS", STEPS * LANES) / LANES;
    lane->random = random_from(seed, number);
    lane->xid = (uint32_t)random_next(&lane->random);
    lane->dir = script_dir(export);
    for (unsigned at = 0; at < CONNS; at++)
        script_connect(&lane->conns[at]);
}

static void lane_compare(const struct lane *lane)
{
    for (unsigned name = 0; name < NAMES; name++) {
        struct client_fh fh;

        expect_status(client_file_lookup_at(&bob, &lane->dir, name_of(name), &fh),
                      lane->there[name] ? NFS4_OK : NFS4ERR_NOENT);
    }
}

static void lane_close(struct lane *lane)
{
    for (unsigned at = 0; at < CONNS; at++)
        client_conn_close(&lane->conns[at]);
    for (unsigned i = 0; i < OLD; i++) {
        if (!lane->old[i].is_there)
            continue;
        client_result_free(&lane->old[i].r);
        client_compound_free(&lane->old[i].c);
    }
}

static void once(void **state)
{
    static struct lane lanes[LANES];
    pthread_t threads[LANES];
    uint64_t replays = 0;

    print_message("MAINSTAY_SEED=%llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < LANES; i++)
        lane_open(&lanes[i], i, *state);
    for (unsigned i = 0; i < LANES; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, lane_main, &lanes[i]), 0);
    for (unsigned i = 0; i < LANES; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_false(failed);
    for (unsigned i = 0; i < LANES; i++) {
        lane_compare(&lanes[i]);
        replays += lanes[i].replays;
        lane_close(&lanes[i]);
    }
    assert_true(replays > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {ON_BOTH(once)};

    seed = from_environment("MAINSTAY_SEED", (uint64_t)getpid());
    return test_group_run_fixtures(tests, script_setup_v40_default, script_teardown);
}
