/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client/client_session.h"
#include "client_pair.h"
#include "wire/nfs4_const.h"
#include "wire/notify.h"

static struct client_callbacks callbacks;

static int setup(void **state)
{
    memset(&callbacks, 0, sizeof(callbacks));
    if (client_pair_setup(state) != 0)
        return -1;
    ((struct client_pair *)*state)->conn.callbacks = &callbacks;
    return 0;
}

/* CB_SEQUENCE and CB_RECALL, as the server sends them. */
static uint32_t send_recall_as(struct client_pair *pair, uint32_t slot, uint32_t seqid)
{
    struct CB_SEQUENCE4args sequence = {
        .csa_sequenceid = seqid, .csa_slotid = slot, .csa_highest_slotid = slot};
    struct CB_RECALL4args recall = {.stateid = {3, "recalled"}};
    struct wire_opaque tag = {(const uint8_t *)"tag", 3};
    uint8_t args[256];
    uint32_t xid;
    struct xdr x;

    memset(sequence.csa_sessionid, 0xab, NFS4_SESSIONID_SIZE);
    xdr_init_encode(&x, args, sizeof(args));
    xdr_opaque(&x, &tag, 16);
    xdr_put_u32(&x, 1);
    xdr_put_u32(&x, 0);
    xdr_put_u32(&x, 2);
    xdr_put_u32(&x, OP_CB_SEQUENCE);
    wire_CB_SEQUENCE4args(&x, &sequence);
    xdr_put_u32(&x, OP_CB_RECALL);
    wire_CB_RECALL4args(&x, &recall);
    assert_false(x.failed);
    assert_int_equal(client_call_send(&pair->server, CLIENT_CALLBACK_PROGRAM, NFS_CB, CB_COMPOUND,
                                      args, xdr_pos(&x), &xid),
                     CLIENT_OK);
    return xid;
}

static uint32_t send_recall(struct client_pair *pair)
{
    return send_recall_as(pair, 1, 5);
}

/* The reply's words from the compound's status on. */
static void expect_statuses(struct client_pair *pair, uint32_t xid, enum nfsstat4 status,
                            uint32_t count)
{
    struct client_reply reply;
    struct wire_opaque tag = {(const uint8_t *)"", 0};

    assert_int_equal(client_call_receive(&pair->server, xid, &reply), CLIENT_OK);
    assert_int_equal(xdr_get_u32(&reply.results), status);
    assert_true(xdr_opaque(&reply.results, &tag, 16));
    assert_int_equal(tag.len, 3);
    assert_int_equal(xdr_get_u32(&reply.results), count);
    assert_int_equal(xdr_get_u32(&reply.results), OP_CB_SEQUENCE);
    client_reply_free(&reply);
}

static void null_is_answered(void **state)
{
    struct client_pair *pair = *state;
    struct client_reply reply;
    uint32_t xid;

    assert_int_equal(
        client_call_send(&pair->server, CLIENT_CALLBACK_PROGRAM, NFS_CB, CB_NULL, NULL, 0, &xid),
        CLIENT_OK);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    assert_int_equal(client_call_receive(&pair->server, xid, &reply), CLIENT_OK);
    assert_int_equal(xdr_left(&reply.results), 0);
    assert_int_equal(callbacks.null_count, 1);
    client_reply_free(&reply);
}

static void recall_is_kept_and_answered(void **state)
{
    struct client_pair *pair = *state;
    uint32_t xid = send_recall(pair);
    const struct client_callback *cb = &callbacks.kept[0];

    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    expect_statuses(pair, xid, NFS4_OK, 2);
    assert_int_equal(callbacks.count, 1);
    assert_true(cb->has_sequence);
    assert_int_equal(cb->sequence.csa_sequenceid, 5);
    assert_int_equal(cb->minor_version, 1);
    assert_int_equal(cb->op_count, 2);
    assert_int_equal(cb->ops[1].op, OP_CB_RECALL);
    assert_int_equal(cb->ops[1].stateid.seqid, 3);
    assert_string_equal((const char *)cb->ops[1].stateid.other, "recalled");
    assert_int_equal(cb->fate, CLIENT_CALLBACK_EXECUTED);
    assert_int_equal(callbacks.trouble_count, 0);
}

static void the_test_chooses_the_answer(void **state)
{
    struct client_pair *pair = *state;

    pair->conn.behaviour.op_status = NFS4ERR_DELAY;
    uint32_t xid = send_recall(pair);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    expect_statuses(pair, xid, NFS4ERR_DELAY, 2);
    pair->conn.behaviour.sequence_status = NFS4ERR_BADSESSION;
    xid = send_recall(pair);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    expect_statuses(pair, xid, NFS4ERR_BADSESSION, 1);
}

static void an_answer_can_be_held_back(void **state)
{
    struct client_pair *pair = *state;
    struct client_reply reply;
    uint32_t xid = send_recall(pair);

    pair->conn.behaviour.act = CLIENT_ACT_HOLD;
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    pair->server.timeout_ms = 50;
    assert_int_equal(client_call_receive(&pair->server, xid, &reply), CLIENT_TIMEOUT);
    assert_int_equal(callbacks.count, 1);
    assert_int_equal(client_callback_release(&pair->conn, false), CLIENT_OK);
    expect_statuses(pair, xid, NFS4_OK, 2);
}

/* ---- the slot table ---- */

static struct client_back_slot *session_begin(uint32_t slots)
{
    struct client_session session = {.back = {.ca_maxrequests = slots}};

    memset(session.sessionid, 0xab, NFS4_SESSIONID_SIZE);
    client_callback_session_begin(&callbacks, &session);
    return callbacks.sessions[0].slots;
}

static void call_and_expect(struct client_pair *pair, uint32_t slot, uint32_t seqid,
                            enum nfsstat4 status)
{
    uint32_t xid = send_recall_as(pair, slot, seqid);

    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    expect_statuses(pair, xid, status, status == NFS4_OK ? 2 : 1);
}

static void each_slot_has_its_sequence(void **state)
{
    struct client_pair *pair = *state;
    struct client_back_slot *slots = session_begin(2);

    call_and_expect(pair, 0, 1, NFS4_OK);
    call_and_expect(pair, 0, 2, NFS4_OK);
    call_and_expect(pair, 1, 1, NFS4_OK);
    assert_int_equal(callbacks.trouble_count, 0);
    call_and_expect(pair, 1, 3, NFS4ERR_SEQ_MISORDERED);
    assert_int_equal(callbacks.trouble_count, 1);
    call_and_expect(pair, 2, 1, NFS4ERR_BADSLOT);
    assert_int_equal(callbacks.trouble_count, 2);
    assert_int_equal(slots[0].executed, 2);
    assert_int_equal(slots[1].executed, 1);
    assert_int_equal(callbacks.kept[3].fate, CLIENT_CALLBACK_REFUSED);
}

/* RFC 8881 §18.46.3, §20.9.3: an error of CB_SEQUENCE leaves the slot alone. */
static void a_refused_call_moves_no_slot(void **state)
{
    struct client_pair *pair = *state;

    (void)session_begin(1);
    pair->conn.behaviour = (struct client_behaviour){.sequence_status = NFS4ERR_DELAY, .times = 1};
    call_and_expect(pair, 0, 1, NFS4ERR_DELAY);
    call_and_expect(pair, 0, 1, NFS4_OK);
    assert_int_equal(callbacks.trouble_count, 0);
}

/* Over the same connection, which a server must not do, but the answer is right. */
static void a_retry_is_not_executed_again(void **state)
{
    struct client_pair *pair = *state;
    struct client_back_slot *slots = session_begin(1);
    uint32_t xid;

    pair->conn.behaviour.act = CLIENT_ACT_HOLD;
    (void)send_recall_as(pair, 0, 1);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    assert_int_equal(callbacks.trouble_count, 0);
    pair->conn.behaviour.act = CLIENT_ACT_ANSWER;
    xid = send_recall_as(pair, 0, 1);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    expect_statuses(pair, xid, NFS4_OK, 2);
    assert_int_equal(callbacks.trouble_count, 1);
    assert_non_null(strstr(callbacks.trouble, "same connection"));
    assert_int_equal(callbacks.kept[1].fate, CLIENT_CALLBACK_RETRIED);
    assert_int_equal(slots[0].uses, 1);
}

static void a_slot_waits_for_its_reply(void **state)
{
    struct client_pair *pair = *state;

    (void)session_begin(1);
    pair->conn.behaviour = (struct client_behaviour){.act = CLIENT_ACT_HOLD, .times = 1};
    (void)send_recall_as(pair, 0, 1);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    call_and_expect(pair, 0, 2, NFS4_OK);
    assert_int_equal(callbacks.trouble_count, 1);
    assert_non_null(strstr(callbacks.trouble, "before its call"));
}

/* Wait for the end of the connection, after `act` cut it; returns how many bytes came before. */
static size_t bytes_before_the_end(struct client_pair *pair, enum client_act act)
{
    uint8_t bytes[1024];
    size_t got = 0;
    ssize_t n;

    pair->conn.behaviour.act = act;
    (void)send_recall_as(pair, 0, 1);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_CLOSED);
    assert_int_equal(pair->conn.fd, -1);
    while ((n = recv(pair->server.fd, bytes, sizeof(bytes), 0)) > 0)
        got += (size_t)n;
    assert_int_equal(n, 0);
    return got;
}

static void a_connection_can_be_cut_before(void **state)
{
    struct client_back_slot *slots = session_begin(1);

    assert_int_equal(bytes_before_the_end(*state, CLIENT_ACT_CUT_BEFORE), 0);
    assert_int_equal(slots[0].executed, 0);
    assert_int_equal(callbacks.kept[0].fate, CLIENT_CALLBACK_IGNORED);
}

static void a_connection_can_be_cut_after(void **state)
{
    struct client_back_slot *slots = session_begin(1);

    assert_int_equal(bytes_before_the_end(*state, CLIENT_ACT_CUT_AFTER), 0);
    assert_int_equal(slots[0].executed, 1);
}

static void a_connection_can_be_cut_amid(void **state)
{
    struct client_back_slot *slots = session_begin(1);
    const size_t got = bytes_before_the_end(*state, CLIENT_ACT_CUT_AMID);

    assert_int_equal(slots[0].executed, 1);
    assert_true(slots[0].reply_len > 0);
    assert_int_equal(got, RPC_RECORD_MARK_BYTES + (24 + slots[0].reply_len) / 2);
}

/* A callback that arrives while the client waits for a reply is answered meanwhile. */
static void a_call_between_replies_is_answered(void **state)
{
    struct client_pair *pair = *state;
    struct client_record *record;
    struct rpc_call_header header;
    struct wire_opaque args;
    uint32_t fore, back;
    struct client_reply reply;

    assert_int_equal(client_call_send(&pair->conn, NFS4_PROGRAM, NFS_V4, 0, NULL, 0, &fore),
                     CLIENT_OK);
    client_pair_take(pair, &record, &header, &args);
    free(record);
    back = send_recall(pair);
    client_pair_answer(pair, fore, NULL, 0);
    assert_int_equal(client_call_receive(&pair->conn, fore, &reply), CLIENT_OK);
    client_reply_free(&reply);
    expect_statuses(pair, back, NFS4_OK, 2);
}

static void without_callbacks_calls_are_refused(void **state)
{
    struct client_pair *pair = *state;
    struct client_reply reply;
    uint32_t xid = send_recall(pair);

    pair->conn.callbacks = NULL;
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    assert_int_equal(client_call_receive(&pair->server, xid, &reply), CLIENT_REJECTED);
    assert_int_equal(reply.header.accept_stat, ACCEPT_PROG_UNAVAIL);
    client_reply_free(&reply);
}

/* ---- the operations ---- */

static void put_compound(struct xdr *x, uint32_t op)
{
    struct CB_SEQUENCE4args sequence = {.csa_sequenceid = 1};
    struct wire_opaque tag = {NULL, 0};

    xdr_opaque(x, &tag, 16);
    xdr_put_u32(x, 1);
    xdr_put_u32(x, 0);
    xdr_put_u32(x, 2);
    xdr_put_u32(x, OP_CB_SEQUENCE);
    wire_CB_SEQUENCE4args(x, &sequence);
    xdr_put_u32(x, op);
}

/* Send the encoded callback, let it be answered, and return what was recorded of its operation. */
static const struct client_callback_op *call_with(struct client_pair *pair, struct xdr *x,
                                                  struct client_reply *reply)
{
    struct wire_opaque tag;
    uint32_t xid;

    assert_false(x->failed);
    assert_int_equal(client_call_send(&pair->server, CLIENT_CALLBACK_PROGRAM, NFS_CB, CB_COMPOUND,
                                      x->start, xdr_pos(x), &xid),
                     CLIENT_OK);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    assert_int_equal(client_call_receive(&pair->server, xid, reply), CLIENT_OK);
    assert_int_equal(xdr_get_u32(&reply->results), NFS4_OK);
    assert_true(xdr_opaque(&reply->results, &tag, 16));
    assert_int_equal(xdr_get_u32(&reply->results), 2);
    assert_int_equal(callbacks.trouble_count, 0);
    return &client_callback_at(&callbacks, callbacks.count - 1)->ops[1];
}

static void getattr_is_decoded_and_answered(void **state)
{
    struct CB_GETATTR4args args = {.fh = {(const uint8_t *)"file", 4},
                                   .attr_request = CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE)};
    const struct client_callback_op *op;
    struct CB_GETATTR4resok resok;
    struct CB_SEQUENCE4resok sequence;
    struct client_reply reply;
    struct nfs4_attrs attrs;
    uint8_t bytes[256];
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    put_compound(&x, OP_CB_GETATTR);
    wire_CB_GETATTR4args(&x, &args);
    callbacks.attrs = (struct nfs4_attrs){.change = 77, .size = 88};
    op = call_with(*state, &x, &reply);
    assert_int_equal(op->op, OP_CB_GETATTR);
    assert_int_equal(op->fh.len, 4);
    assert_true(bitmap4_isset(&op->bits, FATTR4_SIZE));
    xdr_get_u32(&reply.results);
    xdr_get_u32(&reply.results);
    assert_true(wire_CB_SEQUENCE4resok(&reply.results, &sequence));
    assert_int_equal(xdr_get_u32(&reply.results), OP_CB_GETATTR);
    assert_int_equal(xdr_get_u32(&reply.results), NFS4_OK);
    assert_true(wire_CB_GETATTR4resok(&reply.results, &resok));
    assert_int_equal(xdr_left(&reply.results), 0);
    assert_true(fattr_decode(&resok.obj_attributes, &attrs, NULL));
    assert_int_equal(attrs.change, 77);
    assert_int_equal(attrs.size, 88);
    client_reply_free(&reply);
}

static void recall_any_is_decoded(void **state)
{
    struct CB_RECALL_ANY4args args = {.craa_objects_to_keep = 9, .craa_type_mask = CLIENT_BITS(1)};
    const struct client_callback_op *op;
    struct client_reply reply;
    uint8_t bytes[256];
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    put_compound(&x, OP_CB_RECALL_ANY);
    wire_CB_RECALL_ANY4args(&x, &args);
    op = call_with(*state, &x, &reply);
    assert_int_equal(op->keep, 9);
    assert_true(bitmap4_isset(&op->bits, 1));
    client_reply_free(&reply);
    xdr_init_encode(&x, bytes, sizeof(bytes));
    put_compound(&x, OP_CB_RECALLABLE_OBJ_AVAIL);
    wire_CB_RECALL_ANY4args(&x, &args);
    assert_int_equal(call_with(*state, &x, &reply)->op, OP_CB_RECALLABLE_OBJ_AVAIL);
    client_reply_free(&reply);
}

static void recall_slot_is_decoded(void **state)
{
    struct CB_RECALL_SLOT4args args = {.rsa_target_highest_slotid = 5};
    struct client_reply reply;
    uint8_t bytes[256];
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    put_compound(&x, OP_CB_RECALL_SLOT);
    wire_CB_RECALL_SLOT4args(&x, &args);
    assert_int_equal(call_with(*state, &x, &reply)->target_highest_slot, 5);
    client_reply_free(&reply);
}

static void notify_lock_is_decoded(void **state)
{
    struct CB_NOTIFY_LOCK4args args = {.cnla_fh = {(const uint8_t *)"file", 4},
                                       .cnla_lock_owner = {42, {(const uint8_t *)"owner", 5}}};
    const struct client_callback_op *op;
    struct client_reply reply;
    uint8_t bytes[256];
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    put_compound(&x, OP_CB_NOTIFY_LOCK);
    wire_CB_NOTIFY_LOCK4args(&x, &args);
    op = call_with(*state, &x, &reply);
    assert_int_equal(op->fh.len, 4);
    assert_int_equal(op->clientid, 42);
    assert_int_equal(op->owner_len, 5);
    assert_memory_equal(op->owner, "owner", 5);
    client_reply_free(&reply);
}

/* ---- the hook ---- */

/* What the hook was given, and what it answers. */
static struct {
    uint32_t count;
    char names[8][4];
    enum nfsstat4 status; /* of the operation number `fails` */
    uint32_t fails;
} executed;

static enum nfsstat4 execute(const struct client_callback_op *op,
                             const struct CB_NOTIFY4args *notify, struct arena *arena,
                             void *context)
{
    uint32_t number = executed.count++;
    struct notify_events events;

    assert_ptr_equal(context, &executed);
    assert_int_equal(notify != NULL, op->op == OP_CB_NOTIFY);
    if (notify) {
        assert_int_equal(notify->cna_changes_count, 1);
        assert_true(notify_decode(notify->cna_changes, &events, arena));
        assert_int_equal(events.events[0].remove.nrm_old_entry.ne_file.len, 3);
        memcpy(executed.names[number], events.events[0].remove.nrm_old_entry.ne_file.data, 3);
    }
    return number == executed.fails ? executed.status : NFS4_OK;
}

static void put_notify(struct xdr *x, const char *name)
{
    struct notify_event event = {.type = NOTIFY4_REMOVE_ENTRY};
    struct stateid4 stateid = {4, "notified"};
    struct nfs_fh4 fh = {(const uint8_t *)"dir", 3};

    event.remove.nrm_old_entry.ne_file = (struct wire_opaque){(const uint8_t *)name, 3};
    xdr_put_u32(x, OP_CB_NOTIFY);
    wire_stateid4(x, &stateid);
    wire_nfs_fh4(x, &fh);
    xdr_put_u32(x, 1);
    assert_true(notify_encode(x, &event));
}

/* CB_SEQUENCE, two CB_NOTIFY, CB_RECALL: expect the status, and so many results. */
static void call_with_hook(struct client_pair *pair, uint32_t seqid, enum nfsstat4 status,
                           uint32_t count)
{
    struct CB_SEQUENCE4args sequence = {.csa_sequenceid = seqid};
    struct CB_RECALL4args recall = {.stateid = {3, "recalled"}};
    struct wire_opaque tag = {(const uint8_t *)"tag", 3};
    uint8_t args[512];
    uint32_t xid;
    struct xdr x;

    callbacks.hook = (struct client_callback_hook){execute, &executed};
    memset(sequence.csa_sessionid, 0xab, NFS4_SESSIONID_SIZE);
    xdr_init_encode(&x, args, sizeof(args));
    xdr_opaque(&x, &tag, 16);
    xdr_put_u32(&x, 1);
    xdr_put_u32(&x, 0);
    xdr_put_u32(&x, 4);
    xdr_put_u32(&x, OP_CB_SEQUENCE);
    wire_CB_SEQUENCE4args(&x, &sequence);
    put_notify(&x, "one");
    put_notify(&x, "two");
    xdr_put_u32(&x, OP_CB_RECALL);
    wire_CB_RECALL4args(&x, &recall);
    assert_false(x.failed);
    assert_int_equal(client_call_send(&pair->server, CLIENT_CALLBACK_PROGRAM, NFS_CB, CB_COMPOUND,
                                      args, xdr_pos(&x), &xid),
                     CLIENT_OK);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    expect_statuses(pair, xid, status, count);
}

/* SR-16: the hook gets what the server tells, in its order, and once. */
static void the_hook_executes_in_order(void **state)
{
    const struct client_callback *cb = &callbacks.kept[0];

    (void)session_begin(1);
    memset(&executed, 0, sizeof(executed));
    call_with_hook(*state, 1, NFS4_OK, 4);
    assert_int_equal(executed.count, 3);
    assert_string_equal(executed.names[0], "one");
    assert_string_equal(executed.names[1], "two");
    assert_string_equal(executed.names[2], "");
    assert_int_equal(cb->ops[1].change_count, 1);
    assert_string_equal((const char *)cb->ops[1].stateid.other, "notified");
    assert_int_equal(cb->ops[2].fh.len, 3);
    assert_memory_equal(cb->ops[2].fh.data, "dir", 3);
    call_with_hook(*state, 1, NFS4_OK, 4);
    assert_int_equal(callbacks.kept[1].fate, CLIENT_CALLBACK_RETRIED);
    assert_int_equal(executed.count, 3);
}

static void an_error_of_the_hook_ends_the_call(void **state)
{
    (void)session_begin(1);
    memset(&executed, 0, sizeof(executed));
    executed.status = NFS4ERR_DELAY;
    executed.fails = 1;
    call_with_hook(*state, 1, NFS4ERR_DELAY, 3);
    assert_int_equal(executed.count, 2);
}

static void behaviour_comes_before_the_hook(void **state)
{
    struct client_pair *pair = *state;

    (void)session_begin(1);
    memset(&executed, 0, sizeof(executed));
    pair->conn.behaviour.op_status = NFS4ERR_BAD_STATEID;
    call_with_hook(pair, 1, NFS4ERR_BAD_STATEID, 2);
    assert_int_equal(executed.count, 0);
}

/* Bytes behind the last operation make the call malformed. */
static void a_call_with_more_than_its_operations_is_none(void **state)
{
    struct client_pair *pair = *state;
    struct CB_RECALL_SLOT4args args = {.rsa_target_highest_slotid = 5};
    struct client_reply reply;
    uint8_t bytes[256];
    uint32_t xid;
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    put_compound(&x, OP_CB_RECALL_SLOT);
    wire_CB_RECALL_SLOT4args(&x, &args);
    xdr_put_u32(&x, 0);
    assert_int_equal(client_call_send(&pair->server, CLIENT_CALLBACK_PROGRAM, NFS_CB, CB_COMPOUND,
                                      bytes, xdr_pos(&x), &xid),
                     CLIENT_OK);
    assert_int_equal(client_call_serve(&pair->conn, 1000), CLIENT_OK);
    assert_int_equal(client_call_receive(&pair->server, xid, &reply), CLIENT_REJECTED);
    assert_int_equal(reply.header.accept_stat, ACCEPT_GARBAGE_ARGS);
    assert_int_equal(callbacks.trouble_count, 1);
    client_reply_free(&reply);
}

#define PAIR_TEST(name) cmocka_unit_test_setup_teardown(name, setup, client_pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(null_is_answered),
        PAIR_TEST(recall_is_kept_and_answered),
        PAIR_TEST(the_test_chooses_the_answer),
        PAIR_TEST(an_answer_can_be_held_back),
        PAIR_TEST(each_slot_has_its_sequence),
        PAIR_TEST(a_refused_call_moves_no_slot),
        PAIR_TEST(a_retry_is_not_executed_again),
        PAIR_TEST(a_slot_waits_for_its_reply),
        PAIR_TEST(a_connection_can_be_cut_before),
        PAIR_TEST(a_connection_can_be_cut_after),
        PAIR_TEST(a_connection_can_be_cut_amid),
        PAIR_TEST(getattr_is_decoded_and_answered),
        PAIR_TEST(recall_any_is_decoded),
        PAIR_TEST(recall_slot_is_decoded),
        PAIR_TEST(notify_lock_is_decoded),
        PAIR_TEST(the_hook_executes_in_order),
        PAIR_TEST(an_error_of_the_hook_ends_the_call),
        PAIR_TEST(behaviour_comes_before_the_hook),
        PAIR_TEST(a_call_with_more_than_its_operations_is_none),
        PAIR_TEST(a_call_between_replies_is_answered),
        PAIR_TEST(without_callbacks_calls_are_refused),
    };

    return test_group_run(tests);
}
