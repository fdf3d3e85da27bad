/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of a file that a client writes under a delegation: a request for its size or change
 * attribute gets what the holder answers to CB_GETATTR (RFC 8881 §10.4.3, RFC 7530 §10.4.3).
 */
#include "holder.h"

static struct holder holder;
static struct client_fh dir;
static struct client_file file;
static struct nfs4_attrs before;

/* The holder has a delegation of the file, of four bytes, and no open. */
static int setup(void **state)
{
    static unsigned number;
    char name[16];
    uint32_t written;

    dir = script_dir(*state);
    holder_open(&holder, script_minor);
    (void)snprintf(name, sizeof(name), "file %u", number++);
    file = holder_delegated(&holder, &dir, name, OPEN_DELEGATE_WRITE);
    expect_status(client_file_write(&holder.mount, &file, 0, FILE_SYNC4, "data", 4, &written),
                  NFS4_OK);
    holder_return(&holder, &file);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    before =
        attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE, FATTR4_TIME_MODIFY));
    file = holder_delegated(&holder, &dir, name, OPEN_DELEGATE_WRITE);
    holder.callbacks->attrs.change = before.change;
    holder.callbacks->attrs.size = before.size;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    holder_close(&holder);
    return 0;
}

/* GETATTR by bob, with the holder answering. */
static struct nfs4_attrs asked(void)
{
    struct pending pending;
    struct nfs4_attrs attrs;

    begin(&bob, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE, FATTR4_TIME_MODIFY));
    pending_send(&pending, &bob);
    holder_pump_until(&holder, pending_is_answered(&pending));
    if (pending_take(&pending) == NFS4ERR_DELAY) { /* a slow machine: the holder's answer is kept */
        begin(&bob, &file.fh);
        client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE, FATTR4_TIME_MODIFY));
        run_on(&bob.conn, NFS4_OK);
    }
    expect_status(R->status, NFS4_OK);
    assert_true(
        fattr_decode(&result(OP_GETATTR)->opgetattr.obj_attributes, &attrs, &R->reply.arena));
    return attrs;
}

static uint32_t questions(void)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < holder.callbacks->count; i++)
        count +=
            client_callback_lookup(client_callback_at(holder.callbacks, i), OP_CB_GETATTR) != NULL;
    return count;
}

static bool later(const struct nfs4_attrs *a, const struct nfs4_attrs *b)
{
    return a->time_modify.seconds > b->time_modify.seconds ||
           (a->time_modify.seconds == b->time_modify.seconds &&
            a->time_modify.nseconds > b->time_modify.nseconds);
}

static void unchanged(void **state)
{
    struct nfs4_attrs now = asked();

    (void)state;
    assert_true(now.change == before.change && now.size == before.size);
    assert_int_equal(questions(), 1);
    holder_finish(&holder, &file);
}

/* Each answer has a newer change attribute than the one before, though the holder's stays the
 * same. */
static void has_changed(void **state)
{
    struct nfs4_attrs first, second, end;

    (void)state;
    holder.callbacks->attrs.change = before.change + 1;
    holder.callbacks->attrs.size = 9;
    first = asked();
    assert_int_equal(first.size, 9);
    assert_true(first.change > before.change && later(&first, &before));
    second = asked();
    assert_int_equal(second.size, 9);
    assert_true(second.change > first.change);
    assert_int_equal(questions(), 2);
    holder_finish(&holder, &file);
    /* No value goes backward, although nothing was written. */
    end = attrs_of(&bob, &file.fh, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE, FATTR4_TIME_MODIFY));
    assert_true(end.change > second.change && !later(&second, &end));
    assert_int_equal(end.size, 4);
}

/* A changed size is a change, whatever change attribute the holder returns. */
static void another_size(void **state)
{
    struct nfs4_attrs now;

    (void)state;
    holder.callbacks->attrs.size = 3;
    now = asked();
    assert_int_equal(now.size, 3);
    assert_true(now.change > before.change);
    holder_finish(&holder, &file);
}

/* If the holder cannot answer, its delegation is recalled. */
static void no_answer(void **state)
{
    (void)state;
    holder.mount.conn.behaviour.op_status = NFS4ERR_BADHANDLE;
    holder.mount.conn.behaviour.times = 1;
    if (script_minor == 0 && holder.more_count > 0) {
        holder.more[0].behaviour = holder.mount.conn.behaviour;
        holder.mount.conn.behaviour = (struct client_behaviour){0};
    }
    begin(&bob, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    run_on(&bob.conn, NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    holder_finish(&holder, &file);
    assert_int_equal(attrs_of(&bob, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 4);
}

/* A size that no file can have is no answer. */
static void impossible_size(void **state)
{
    (void)state;
    holder.callbacks->attrs.change = before.change + 1;
    holder.callbacks->attrs.size = (uint64_t)INT64_MAX + 1;
    begin(&bob, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    run(NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    holder_finish(&holder, &file);
    assert_int_equal(attrs_of(&bob, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 4);
}

/* VERIFY and NVERIFY see what GETATTR sees. */
static void verified(void **state)
{
    static const uint8_t nine[8] = {0, 0, 0, 0, 0, 0, 0, 9};
    struct nfs_argop4 verify = {
        .argop = OP_VERIFY,
        .opverify = {{.attrmask = CLIENT_BITS(FATTR4_SIZE), .attr_vals = {nine, 8}}}};
    struct pending pending;

    (void)state;
    holder.callbacks->attrs.size = 9;
    begin(&bob, &file.fh);
    client_compound_add(C, &verify);
    pending_send(&pending, &bob);
    holder_pump_until(&holder, pending_is_answered(&pending));
    if (pending_take(&pending) == NFS4ERR_DELAY) {
        begin(&bob, &file.fh);
        client_compound_add(C, &verify);
        run_on(&bob.conn, NFS4_OK);
    }
    expect_status(R->status, NFS4_OK);
    assert_int_equal(questions(), 1);
    holder_finish(&holder, &file);
}

#define ON(test, export)                                                                           \
    {                                                                                              \
#test " on " #export, test, setup, teardown, script_##export                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(unchanged, mem),     ON(unchanged, local),     ON(has_changed, mem),
        ON(has_changed, local), ON(another_size, mem),    ON(another_size, local),
        ON(no_answer, mem),     ON(impossible_size, mem), ON(impossible_size, local),
        ON(verified, mem),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
