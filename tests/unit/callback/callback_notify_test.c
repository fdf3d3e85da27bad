/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices to a client that holds delegations of directories, over real sockets, answered as the
 * tests say: what goes into one call and in which order, what is repeated, and what is recalled
 * because it is lost or may be.  SR-16, W12, S22-09, S22-32, S22-D12.
 */
#include "callback/callback_notify.h"

#include <stdio.h>
#include <unistd.h>

#include "back_fixture.h"
#include "backend/mem/mem.h"
#include "base/clock.h"
#include "callback/notify_batch.h"
#include "callback/recall.h"
#include "state/client/client_lease.h"
#include "state/client/client_table.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_dir.h"
#include "state/delegation/delegation_notify.h"
#include "state/delegation/delegation_watch.h"
#include "state/open/open_share.h"
#include "wire/fattr.h"
#include "wire/notify.h"

enum {
    DIRS = 3,
    TYPES = 1 << NOTIFY4_ADD_ENTRY | 1 << NOTIFY4_REMOVE_ENTRY | 1 << NOTIFY4_RENAME_ENTRY,
};

static struct callback_notify *notices;
static struct recall *recalls;
static struct vfs *fs;
static struct vfs_object *root, *dirs[DIRS];
static const struct vfs_cred cred = {.uid = 1000, .gid = 1000};
static struct back_conn a, b;
static struct back_session s;

/* ---- fixture ---- */

static struct vfs_name vfs_name_of(const char *text)
{
    return (struct vfs_name){.data = text, .len = strlen(text)};
}

static struct vfs_object *object_make(struct vfs_object *dir, const char *text, enum vfs_type type)
{
    const struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0700};
    struct vfs_create create = {.type = type, .attr = &attr};
    const struct vfs_name name = vfs_name_of(text);
    struct vfs_change_info info;
    struct vfs_object *obj;

    assert_int_equal(fs->ops->create(dir, &cred, &name, &create, &info, &obj), VFS_OK);
    return obj;
}

static int set_up_with(void (*change)(struct CREATE_SESSION4args *args))
{
    static const char *const names[DIRS] = {"0", "1", "2"};
    const struct mem_options options = {.root_uid = 1000, .root_gid = 1000};

    back_set_up(NULL);
    notices = callback_notify_create(back.callback);
    recalls = recall_create(back.callback, back.state);
    delegation_watch_start(back.state);
    delegation_dir_allow(back.state, DELEGATION_DIR_NOTIFY);
    fs = mem_create(&options);
    assert_int_equal(fs->ops->root(fs, &root), VFS_OK);
    for (int i = 0; i < DIRS; i++)
        dirs[i] = object_make(root, names[i], VFS_DIR);
    back_connect(&a);
    back_session_make(&s, &a, "holder", change);
    return 0;
}

static int set_up(void **unused)
{
    (void)unused;
    return set_up_with(NULL);
}

static int tear_down(void **unused)
{
    callback_notify_stop(notices);
    recall_stop(recalls);
    back_session_put(&s);
    back_tear_down(unused);
    delegation_watch_stop();
    callback_notify_destroy(notices);
    recall_destroy(recalls);
    for (int i = 0; i < DIRS; i++)
        vfs_object_put(dirs[i]);
    vfs_object_put(root);
    fs->ops->destroy(fs);
    return 0;
}

static void pass_ms(int64_t ms)
{
    back_pass_ms(ms);
    client_renew(s.session->client, clock_now_ns());
    callback_notify_tick(notices, clock_now_ns());
    recall_tick(recalls, clock_now_ns());
}

/* ---- delegations and changes ---- */

static struct delegation_subscription subscription = {.types = TYPES};

/* The holder knows the directories as "0", "1", "2". */
static struct stateid4 give(unsigned dir, const struct session_call *call)
{
    static const char *const handles[DIRS] = {"0", "1", "2"};
    struct delegation_subscription wants = subscription;
    const struct delegation_request request = {
        .client = s.session->client,
        .obj = dirs[dir],
        .cred = &cred,
        .kind = DELEGATION_DIRECTORY,
        .fh = {(const uint8_t *)handles[dir], 1},
        .call = call,
        .wants = &wants,
        .now_ns = clock_now_ns(),
    };
    enum delegation_counter why;
    struct stateid4 stateid;

    assert_true(delegation_dir_offer(back.state, &request, &stateid, &why));
    assert_int_equal(wants.types, subscription.types);
    return stateid;
}

static void give_back(const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup(back.state->opens->stateids, stateid, s.session->client);

    assert_non_null(sid);
    assert_int_equal(delegation_return(delegation_of_stateid(sid), stateid->seqid), NFS4_OK);
    stateid_put(sid);
}

static void tell(unsigned dir, const struct vfs_change *change)
{
    vfs_change_tell(dirs[dir]->node, change);
}

static struct vfs_change_entry entry_of(const char *name)
{
    return (struct vfs_change_entry){.name = name, .len = strlen(name), .cookie = 9};
}

static void add(unsigned dir, const char *name)
{
    tell(dir, &(struct vfs_change){.kind = VFS_CHANGE_ADD, .entry = entry_of(name)});
}

static void gone(unsigned dir, const char *name)
{
    tell(dir, &(struct vfs_change){.kind = VFS_CHANGE_REMOVE, .entry = entry_of(name)});
}

static void renamed(unsigned dir, const char *from, const char *to)
{
    tell(dir, &(struct vfs_change){
                  .kind = VFS_CHANGE_RENAME, .entry = entry_of(to), .old = entry_of(from)});
}

static void run(void)
{
    delegation_notify_run(back.state);
}

/* ---- the client ---- */

/* A callback as it came: "0(+a -b a>c) 1(+d)", or "recall 0". */
struct heard {
    uint32_t xid, ops[LIMIT_CALLBACK_OPS], op_count;
    struct CB_SEQUENCE4args sequence;
    bool refers;
    size_t bytes;
    uint32_t attrs[2]; /* mask of the last entry with attributes */
    char text[8192];
};

static void say(struct heard *heard, const char *format, const struct wire_opaque *name)
{
    size_t len = strlen(heard->text);

    assert_true(len + name->len + 8 < sizeof(heard->text));
    (void)snprintf(heard->text + len, sizeof(heard->text) - len, format, (int)name->len,
                   (const char *)name->data);
}

static void hear_attrs(struct heard *heard, const struct notify_entry4 *entry)
{
    struct nfs4_attrs attrs;

    assert_true(fattr_decode(&entry->ne_attrs, &attrs, NULL));
    memcpy(heard->attrs, entry->ne_attrs.attrmask.words, sizeof(heard->attrs));
}

static void hear_event(struct heard *heard, const struct notify_event *event, bool first)
{
    const char *const space = first ? "" : " ";
    const struct wire_opaque none = {(const uint8_t *)"", 0};

    say(heard, space, &none);
    switch (event->type) {
    case NOTIFY4_ADD_ENTRY:
        say(heard, "+%.*s", &event->add.nad_new_entry.ne_file);
        hear_attrs(heard, &event->add.nad_new_entry);
        break;
    case NOTIFY4_REMOVE_ENTRY:
        say(heard, "-%.*s", &event->remove.nrm_old_entry.ne_file);
        break;
    case NOTIFY4_RENAME_ENTRY:
        say(heard, "%.*s", &event->rename.nrn_old_entry.nrm_old_entry.ne_file);
        say(heard, ">%.*s", &event->rename.nrn_new_entry.nad_new_entry.ne_file);
        break;
    default:
        say(heard, "%.*s*", &event->attr.na_changed_entry.ne_file);
        hear_attrs(heard, &event->attr.na_changed_entry);
        break;
    }
}

static void hear_notify(struct heard *heard, struct peer_call *call)
{
    const struct wire_opaque none = {(const uint8_t *)"", 0};
    struct CB_NOTIFY4args args;

    assert_true(wire_CB_NOTIFY4args(&call->x, &args));
    say(heard, heard->text[0] ? " %.*s(" : "%.*s(",
        &(struct wire_opaque){args.cna_fh.data, args.cna_fh.len});
    for (uint32_t i = 0; i < args.cna_changes_count; i++) {
        struct notify_events events;

        assert_true(notify_decode(&args.cna_changes[i], &events, &call->arena));
        assert_int_equal(events.count, 1);
        hear_event(heard, &events.events[0], i == 0);
    }
    say(heard, "%.*s)", &none);
}

static void hear_op(struct heard *heard, struct peer_call *call)
{
    struct CB_RECALL4args recall;
    uint32_t op = xdr_get_u32(&call->x);

    heard->ops[heard->op_count++] = op;
    if (op == OP_CB_NOTIFY) {
        hear_notify(heard, call);
        return;
    }
    assert_int_equal(op, OP_CB_RECALL);
    assert_true(wire_CB_RECALL4args(&call->x, &recall));
    say(heard, "recall %.*s", &(struct wire_opaque){recall.fh.data, recall.fh.len});
}

static void hear(struct back_conn *conn, struct heard *heard)
{
    struct peer_call call;

    memset(heard, 0, sizeof(*heard));
    peer_receive(conn->fd, &call);
    heard->xid = call.header.xid;
    heard->bytes = (size_t)(call.x.end - call.bytes);
    assert_int_equal(xdr_get_u32(&call.x), OP_CB_SEQUENCE);
    assert_true(wire_CB_SEQUENCE4args(&call.x, &heard->sequence));
    heard->refers = heard->sequence.csa_referring_call_lists_count > 0;
    heard->sequence.csa_referring_call_lists = NULL;
    for (uint32_t i = 1; i < call.op_count; i++)
        hear_op(heard, &call);
    assert_int_equal(xdr_left(&call.x), 0);
    peer_call_fini(&call);
}

/* Answer with NFS4_OK all operations before `failing` (from 0), and this one with `status`. */
static void answer_at(struct back_conn *conn, const struct heard *heard, uint32_t failing,
                      uint32_t status)
{
    const bool fails = failing < heard->op_count;
    const uint32_t count = fails ? failing + 1 : heard->op_count;
    const struct CB_SEQUENCE4args *args = &heard->sequence;
    uint32_t words[64] = {fails ? status : NFS4_OK, 0, count + 1, OP_CB_SEQUENCE, NFS4_OK};
    const uint32_t rest[] = {args->csa_sequenceid, args->csa_slotid, BACK_SLOTS - 1,
                             BACK_SLOTS - 1};
    size_t at = 13;
    struct xdr x;

    xdr_init_decode(&x, args->csa_sessionid, NFS4_SESSIONID_SIZE, NULL);
    for (int i = 0; i < 4; i++)
        words[5 + i] = xdr_get_u32(&x);
    memcpy(&words[9], rest, sizeof(rest));
    for (uint32_t i = 0; i < count; i++) {
        words[at++] = heard->ops[i];
        words[at++] = i == failing ? status : NFS4_OK;
    }
    peer_reply(conn->fd, heard->xid, words, at);
}

static uint64_t answers(void)
{
    return back_stats().answers;
}

/* And wait until that has had its effect. */
static void answer_all(struct back_conn *conn, const struct heard *heard, uint32_t failing,
                       uint32_t status)
{
    uint64_t before = answers();

    answer_at(conn, heard, failing, status);
    wait_until(answers() > before);
}

static void ok(struct back_conn *conn, const struct heard *heard)
{
    answer_all(conn, heard, UINT32_MAX, NFS4_OK);
}

static void expect(struct back_conn *conn, struct heard *heard, const char *text)
{
    hear(conn, heard);
    assert_string_equal(heard->text, text);
}

/* This comes, and is answered with NFS4_OK. */
static void expect_ok(struct back_conn *conn, const char *text)
{
    struct heard heard;

    expect(conn, &heard, text);
    ok(conn, &heard);
}

static uint64_t notifies(void)
{
    return back_stats().of[CALLBACK_OP_CB_NOTIFY][CALLBACK_COUNTER_total];
}

/* Let time pass until what rests is sent again. */
static void repeat(void)
{
    uint64_t before = notifies();

    wait_until((pass_ms(CALLBACK_BACKOFF_MS), notifies() > before));
}

/* ---- what is sent ---- */

/* The first change goes at once, alone; those that come while it is under way go together, in
 * their order. */
static void collected_meanwhile(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    add(0, "b");
    gone(0, "c");
    run();
    renamed(0, "d", "e");
    run();
    back_expect_silence(&a);
    ok(&a, &heard);
    expect_ok(&a, "0(+b -c d>e)");
    add(0, "f");
    run();
    expect_ok(&a, "0(+f)");
    assert_int_equal(notifies(), 3);
    assert_int_equal(back_stats().all[CALLBACK_COUNTER_failures], 0);
}

/* An event of one directory after one of another is told after it. */
static void order_over_directories(void **unused)
{
    (void)unused;
    (void)give(0, NULL);
    (void)give(1, NULL);
    add(0, "a");
    gone(0, "b");
    add(1, "b");
    add(0, "c");
    run();
    expect_ok(&a, "0(+a -b) 1(+b) 0(+c)");
}

static void two_operations(struct CREATE_SESSION4args *args)
{
    args->csa_back_chan_attrs.ca_maxoperations = 2;
}

static int set_up_two_operations(void **unused)
{
    (void)unused;
    return set_up_with(two_operations);
}

/* Linux accepts one operation besides CB_SEQUENCE. */
static void bounded_by_operations(void **unused)
{
    (void)unused;
    (void)give(0, NULL);
    (void)give(1, NULL);
    add(0, "a");
    add(1, "b");
    add(1, "c");
    add(0, "d");
    run();
    expect_ok(&a, "0(+a)");
    expect_ok(&a, "1(+b +c)");
    expect_ok(&a, "0(+d)");
}

enum {
    SMALL_BYTES = 1600,
    MANY = 60,
};

static void small_calls(struct CREATE_SESSION4args *args)
{
    args->csa_back_chan_attrs.ca_maxrequestsize = SMALL_BYTES;
}

static int set_up_small_calls(void **unused)
{
    (void)unused;
    return set_up_with(small_calls);
}

static const char *long_name(unsigned number)
{
    static char name[LIMIT_NAME_BYTES + 1];

    memset(name, 'n', LIMIT_NAME_BYTES);
    (void)snprintf(name + LIMIT_NAME_BYTES - 3, 4, "%03u", number);
    return name;
}

/* Each call is as large as the client permits, and no larger. */
static void bounded_by_size(void **unused)
{
    unsigned next = 0;
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    for (unsigned i = 0; i < MANY; i++)
        add(0, long_name(i));
    run();
    while (next < MANY) {
        const char *name = heard.text;

        hear(&a, &heard);
        assert_in_range(heard.bytes, 1, SMALL_BYTES);
        while ((name = strstr(name, long_name(next)))) {
            next++;
            name += LIMIT_NAME_BYTES;
        }
        assert_true(next == MANY || heard.bytes + 12 + 300 > SMALL_BYTES);
        ok(&a, &heard);
    }
    add(0, "last");
    run();
    expect(&a, &heard, "0(+last)");
}

static void too_small_calls(struct CREATE_SESSION4args *args)
{
    args->csa_back_chan_attrs.ca_maxrequestsize = 1200;
}

static int set_up_too_small_calls(void **unused)
{
    (void)unused;
    return set_up_with(too_small_calls);
}

/* A back channel without room for the longest names is for recalls alone. */
static void possible(void **unused)
{
    (void)unused;
    assert_false(delegation_notify_possible(back.state, s.session->client));
}

static void possible_with_room(void **unused)
{
    (void)unused;
    assert_true(delegation_notify_possible(back.state, s.session->client));
}

/* ---- errors ---- */

/* The same again after a wait, with what has come meanwhile behind it. */
static void delayed(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    add(0, "a");
    add(0, "b");
    run();
    expect(&a, &heard, "0(+a +b)");
    answer_all(&a, &heard, 0, NFS4ERR_DELAY);
    add(0, "c");
    run();
    pass_ms(CALLBACK_BACKOFF_MS - 1);
    back_expect_silence(&a);
    repeat();
    expect_ok(&a, "0(+a +b)");
    expect_ok(&a, "0(+c)");
}

static void delayed_for_ever(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    (void)give(1, NULL);
    add(0, "a");
    add(1, "b");
    run();
    for (int i = 0; i < CALLBACK_NOTIFY_TRIES; i++) {
        if (i > 0)
            repeat();
        expect(&a, &heard, "0(+a) 1(+b)");
        answer_all(&a, &heard, 0, NFS4ERR_DELAY);
    }
    expect_ok(&a, "recall 0");
    expect_ok(&a, "1(+b)");
}

/* The reply that grants it is on its way: the callback refers to that request, and is repeated. */
static void not_known_yet(void **unused)
{
    struct session_call call = {.slotid = 3, .sequenceid = 1};
    struct slot_request request = {.digest = 1};
    struct slot_replay replay = {0};
    struct heard heard;

    (void)unused;
    memcpy(call.sessionid, s.session->id, NFS4_SESSIONID_SIZE);
    assert_int_equal(slot_acquire(slot_at(&s.session->slots, 3), 1, &request, &replay), SLOT_NEW);
    (void)give(0, &call);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    assert_true(heard.refers);
    slot_release(slot_at(&s.session->slots, 3), NULL, 0);
    answer_all(&a, &heard, 0, NFS4ERR_BAD_STATEID);
    assert_int_equal(slot_acquire(slot_at(&s.session->slots, 3), 2, &request, &replay), SLOT_NEW);
    slot_release(slot_at(&s.session->slots, 3), NULL, 0);
    repeat();
    expect(&a, &heard, "0(+a)");
    assert_false(heard.refers);
    ok(&a, &heard);
}

/* Two grants that the client may not have seen: a call of its own for each. */
static void two_not_known_yet(void **unused)
{
    struct session_call call = {.slotid = 3, .sequenceid = 1};
    struct slot_request request = {.digest = 1};
    struct slot_replay replay = {0};
    struct heard heard;

    (void)unused;
    memcpy(call.sessionid, s.session->id, NFS4_SESSIONID_SIZE);
    for (call.slotid = 3; call.slotid < 5; call.slotid++) {
        assert_int_equal(
            slot_acquire(slot_at(&s.session->slots, call.slotid), 1, &request, &replay), SLOT_NEW);
        (void)give(call.slotid - 3, &call);
        add(call.slotid - 3, "a");
    }
    run();
    expect(&a, &heard, "0(+a)");
    assert_true(heard.refers);
    ok(&a, &heard);
    expect(&a, &heard, "1(+a)");
    assert_true(heard.refers);
    ok(&a, &heard);
    for (uint32_t slot = 3; slot < 5; slot++)
        slot_release(slot_at(&s.session->slots, slot), NULL, 0);
}

static void never_known(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    add(0, "a");
    run();
    for (int i = 0; i < CALLBACK_NOTIFY_TRIES; i++) {
        if (i > 0)
            repeat();
        expect(&a, &heard, "0(+a)");
        answer_all(&a, &heard, 0, NFS4ERR_BAD_STATEID);
    }
    expect_ok(&a, "recall 0");
}

/* A client without CB_NOTIFY: all that it would have to be told is recalled. */
static void not_supported(void **unused)
{
    struct heard heard, other;

    (void)unused;
    (void)give(0, NULL);
    (void)give(1, NULL);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    answer_all(&a, &heard, 0, NFS4ERR_NOTSUPP);
    hear(&a, &heard);
    hear(&a, &other);
    assert_int_equal(strncmp(heard.text, "recall ", 7), 0);
    assert_int_equal(strncmp(other.text, "recall ", 7), 0);
    assert_int_equal(heard.text[7] + other.text[7], '0' + '1');
    ok(&a, &heard);
    ok(&a, &other);
    add(0, "b");
    add(1, "b");
    run();
    back_expect_silence(&a);
}

/* What precedes the operation that failed is done, and is not told again. */
static void delayed_amid(void **unused)
{
    struct heard heard;

    (void)unused;
    for (unsigned i = 0; i < DIRS; i++)
        (void)give(i, NULL);
    add(0, "a");
    add(1, "b");
    add(2, "c");
    run();
    expect(&a, &heard, "0(+a) 1(+b) 2(+c)");
    answer_all(&a, &heard, 1, NFS4ERR_DELAY);
    repeat();
    expect_ok(&a, "1(+b) 2(+c)");
}

/* Another error: recalled, and what follows was not executed, so it is told. */
static void error_amid(void **unused)
{
    struct heard heard, other;

    (void)unused;
    for (unsigned i = 0; i < DIRS; i++)
        (void)give(i, NULL);
    add(0, "a");
    add(1, "b");
    add(2, "c");
    run();
    expect(&a, &heard, "0(+a) 1(+b) 2(+c)");
    answer_all(&a, &heard, 1, NFS4ERR_BADXDR);
    expect(&a, &heard, "recall 1");
    expect(&a, &other, "2(+c)");
    ok(&a, &heard);
    ok(&a, &other);
    add(0, "d");
    add(1, "e");
    run();
    expect_ok(&a, "0(+d)");
    back_expect_silence(&a);
}

/* ---- losses ---- */

/* Over another connection of the session: the same call, in the same slot, so the client tells a
 * repetition from something new. */
static void connection_lost(void **unused)
{
    struct heard heard, again;

    (void)unused;
    (void)give(0, NULL);
    back_connect(&b);
    back_bind(&s, &b);
    back_stir(&a);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    add(0, "b");
    run();
    back_conn_close(&a);
    expect(&b, &again, "0(+a)");
    assert_memory_equal(&again.sequence, &heard.sequence, sizeof(heard.sequence));
    ok(&b, &again);
    expect_ok(&b, "0(+b)");
}

/* It was executed, but the client has not kept the answer. */
static void outcome_unknown(void **unused)
{
    const uint32_t uncached[] = {NFS4ERR_RETRY_UNCACHED_REP, 0, 1, OP_CB_SEQUENCE,
                                 NFS4ERR_RETRY_UNCACHED_REP};
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    back_connect(&b);
    back_bind(&s, &b);
    back_stir(&a);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    back_conn_close(&a);
    expect(&b, &heard, "0(+a)");
    peer_reply(b.fd, heard.xid, uncached, ARRAY_SIZE(uncached));
    expect_ok(&b, "recall 0");
}

/* What was under way may have been executed: it does not move to another session. */
static void session_lost(void **unused)
{
    struct back_session other;
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    (void)give(1, NULL);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    back_connect(&b);
    back_session_add(&other, &s, &b, NULL);
    add(1, "b");
    run();
    back_session_destroy(&s, &a);
    back_session_put(&s);
    s = other;
    hear(&b, &heard);
    while (strcmp(heard.text, "recall 0") != 0) {
        assert_string_equal(heard.text, "1(+b)");
        ok(&b, &heard);
        hear(&b, &heard);
    }
    ok(&b, &heard);
}

/* No answer for nearly a lease. */
static void never_answered(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    pass_ms(BACK_LIFE_MS);
    back_connect(&b);
    back_bind(&s, &b);
    do {
        pass_ms(CALLBACK_BACKOFF_MS);
        hear(&b, &heard);
        ok(&b, &heard);
    } while (strcmp(heard.text, "recall 0") != 0);
}

/* What is returned while it waits to be repeated is not told any more. */
static void returned_meanwhile(void **unused)
{
    struct stateid4 stateid;
    struct heard heard;

    (void)unused;
    stateid = give(0, NULL);
    (void)give(1, NULL);
    add(0, "a");
    add(1, "b");
    run();
    expect(&a, &heard, "0(+a) 1(+b)");
    answer_all(&a, &heard, 0, NFS4ERR_DELAY);
    give_back(&stateid);
    repeat();
    expect_ok(&a, "1(+b)");
}

/* What comes after it has all its tries. */
static void returned_after_tries(void **unused)
{
    struct stateid4 stateid;
    struct heard heard;

    (void)unused;
    stateid = give(0, NULL);
    (void)give(1, NULL);
    add(0, "a");
    run();
    for (int i = 1; i < CALLBACK_NOTIFY_TRIES; i++) {
        if (i > 1)
            repeat();
        expect(&a, &heard, "0(+a)");
        answer_all(&a, &heard, 0, NFS4ERR_DELAY);
    }
    add(1, "b");
    run();
    give_back(&stateid);
    for (int i = 1; i < CALLBACK_NOTIFY_TRIES; i++) {
        repeat();
        expect(&a, &heard, "1(+b)");
        answer_all(&a, &heard, 0, NFS4ERR_DELAY);
    }
    repeat();
    expect_ok(&a, "1(+b)");
}

/* Nor what is recalled while it does, by whoever. */
static void recalled_meanwhile(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    (void)give(1, NULL);
    add(0, "a");
    add(1, "b");
    run();
    expect(&a, &heard, "0(+a) 1(+b)");
    answer_all(&a, &heard, 0, NFS4ERR_DELAY);
    add(0, "c");
    delegation_recall_all(back.state, dirs[0], DELEGATION_USE_CHANGE, false, clock_now_ns());
    expect_ok(&a, "recall 0");
    add(0, "d");
    repeat();
    expect_ok(&a, "1(+b)");
    back_expect_silence(&a);
}

/* The client goes while a call is under way, or rests. */
static void client_gone(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    assert_true(client_remove_by_admin(back.state, s.clientid, "test"));
    add(0, "b");
    run();
    back_expect_silence(&a);
}

static void client_gone_resting(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    answer_all(&a, &heard, 0, NFS4ERR_DELAY);
    assert_true(client_remove_by_admin(back.state, s.clientid, "test"));
    pass_ms(CALLBACK_BACKOFF_MAX_MS);
    back_expect_silence(&a);
}

/* The server ends: tear_down() finds nothing left. */
static void stopped_while_under_way(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    add(0, "b");
    run();
}

static void stopped_while_resting(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    add(0, "a");
    run();
    expect(&a, &heard, "0(+a)");
    answer_all(&a, &heard, 0, NFS4ERR_DELAY);
}

/* ---- attributes ---- */

/* The filehandle is as long as can be; the owner, as it is wanted. */
static struct {
    uint32_t owner_bytes;
    bool has_change;
    uint64_t change;
} attributes;

static bool attributes_put(const struct delegation_notice *notice, const struct bitmap4 *want,
                           struct xdr *out, void *context)
{
    static const uint8_t bytes[4096];
    const struct nfs4_attrs attrs = {.change = notice->change,
                                     .fileid = 7,
                                     .filehandle = {bytes, LIMIT_FH_BYTES},
                                     .owner = {bytes, attributes.owner_bytes}};

    assert_ptr_equal(context, &attributes);
    if (notice->type == NOTIFY4_CHANGE_DIR_ATTRS) {
        attributes.has_change = notice->has_change;
        attributes.change = notice->change;
    }
    return fattr_encode(out, want, &attrs);
}

static int set_up_attributes(void **unused)
{
    static const struct callback_notify_hook hook = {attributes_put, &attributes};

    (void)set_up(unused);
    callback_notify_set_hook(notices, &hook);
    memset(&attributes, 0, sizeof(attributes));
    bitmap4_set(&subscription.child, FATTR4_FILEHANDLE);
    bitmap4_set(&subscription.child, FATTR4_FILEID);
    bitmap4_set(&subscription.child, FATTR4_OWNER);
    bitmap4_set(&subscription.dir, FATTR4_CHANGE);
    return 0;
}

static int tear_down_attributes(void **unused)
{
    subscription = (struct delegation_subscription){.types = TYPES};
    return tear_down(unused);
}

static void make(const char *name)
{
    vfs_object_put(object_make(dirs[0], name, VFS_REG));
    run();
}

static void attributes_told(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    attributes.owner_bytes = 4;
    make("a");
    expect(&a, &heard, "0(+a)");
    assert_int_equal(heard.attrs[0], 1u << FATTR4_FILEHANDLE | 1u << FATTR4_FILEID);
    assert_int_equal(heard.attrs[1], 1u << (FATTR4_OWNER - 32));
    ok(&a, &heard);
}

/* An entry whose attributes do not fit is told with those by which it is known; or with none. */
static void attributes_left_out(void **unused)
{
    struct heard heard;

    (void)unused;
    (void)give(0, NULL);
    attributes.owner_bytes = LIMIT_CALLBACK_CALL_BYTES - 512;
    make("a");
    expect(&a, &heard, "0(+a)");
    assert_int_equal(heard.attrs[0], 1u << FATTR4_FILEHANDLE | 1u << FATTR4_FILEID);
    assert_int_equal(heard.attrs[1], 0);
    ok(&a, &heard);
}

/* Nothing but attributes, which do not fit: that is lost. */
static void attributes_too_large(void **unused)
{
    (void)unused;
    make("a");
    subscription.types |= 1 << NOTIFY4_CHANGE_CHILD_ATTRS;
    (void)give(0, NULL);
    attributes.owner_bytes = LIMIT_CALLBACK_CALL_BYTES - 512;
    tell(0, &(struct vfs_change){.kind = VFS_CHANGE_CHILD, .entry = entry_of("a")});
    run();
    expect_ok(&a, "recall 0");
}

/* The run of a directory ends with its own attributes, as of the last change that is told. */
static void attributes_of_directory(void **unused)
{
    struct vfs_attr attr;
    struct heard heard;

    (void)unused;
    subscription.types |= 1 << NOTIFY4_CHANGE_DIR_ATTRS;
    (void)give(0, NULL);
    make("a");
    expect(&a, &heard, "0(+a *)");
    assert_int_equal(heard.attrs[0], 1u << FATTR4_CHANGE);
    assert_int_equal(fs->ops->getattr(dirs[0], VFS_ATTR_CHANGE, &attr), VFS_OK);
    assert_true(attributes.has_change);
    assert_int_equal(attributes.change, attr.change);
    ok(&a, &heard);
}

#define NOTIFY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define NOTIFY_TEST_AS(name, up) cmocka_unit_test_setup_teardown(name, up, tear_down)
#define ATTRIBUTE_TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(name, set_up_attributes, tear_down_attributes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NOTIFY_TEST(collected_meanwhile),
        NOTIFY_TEST(order_over_directories),
        NOTIFY_TEST_AS(bounded_by_operations, set_up_two_operations),
        NOTIFY_TEST_AS(bounded_by_size, set_up_small_calls),
        NOTIFY_TEST_AS(possible, set_up_too_small_calls),
        NOTIFY_TEST_AS(possible_with_room, set_up_small_calls),
        NOTIFY_TEST(delayed),
        NOTIFY_TEST(delayed_for_ever),
        NOTIFY_TEST(not_known_yet),
        NOTIFY_TEST(two_not_known_yet),
        NOTIFY_TEST(never_known),
        NOTIFY_TEST(not_supported),
        NOTIFY_TEST(delayed_amid),
        NOTIFY_TEST(error_amid),
        NOTIFY_TEST(connection_lost),
        NOTIFY_TEST(outcome_unknown),
        NOTIFY_TEST(session_lost),
        NOTIFY_TEST(never_answered),
        NOTIFY_TEST(returned_meanwhile),
        NOTIFY_TEST(returned_after_tries),
        NOTIFY_TEST(recalled_meanwhile),
        NOTIFY_TEST(client_gone),
        NOTIFY_TEST(client_gone_resting),
        NOTIFY_TEST(stopped_while_under_way),
        NOTIFY_TEST(stopped_while_resting),
        ATTRIBUTE_TEST(attributes_told),
        ATTRIBUTE_TEST(attributes_left_out),
        ATTRIBUTE_TEST(attributes_too_large),
        ATTRIBUTE_TEST(attributes_of_directory),
    };

    return test_group_run(tests);
}
