/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The holder of a write delegation writes while the server asks it for the size (CB_GETATTR), so
 * that its answer and its WRITE cross. A client that sends GETATTR never sees less than what was
 * acknowledged before, and one change attribute never stands for two sizes (RFC 8881 §10.4.3).
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/holder.h"

enum {
    WATCHERS = 2,
    ROUNDS = 1500,
    TIME_MS = 4000,
    SEEN_MAX = 100000
};

static const struct bitmap4 wanted = {.count = 1,
                                      .words = {1u << FATTR4_CHANGE | 1u << FATTR4_SIZE}};

static struct holder holder;
static struct client_fh dir;
static struct client_file file;

static int setup(void **state)
{
    static unsigned number;
    char name[16];

    dir = script_dir(*state);
    holder_open(&holder, 1);
    (void)snprintf(name, sizeof(name), "file %u", number++);
    file = holder_delegated(&holder, &dir, name, OPEN_DELEGATE_WRITE);
    holder.callbacks->attrs = attrs_of(&holder.mount, &file.fh, wanted);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    holder_finish(&holder, &file);
    holder_close(&holder);
    return 0;
}

static void holder_write(uint64_t offset, const char *text)
{
    const uint32_t len = (uint32_t)strlen(text);
    uint32_t written;

    expect_status(client_file_write(&holder.mount, &file, offset, FILE_SYNC4, text, len, &written),
                  NFS4_OK);
    assert_int_equal(written, len);
}

static void holder_truncate(uint64_t size)
{
    const struct nfs4_attrs attrs = {.size = size};

    begin(&holder.mount, &file.fh);
    client_op_setattr(C, client_file_delegation(&file), CLIENT_BITS(FATTR4_SIZE), &attrs);
    run(NFS4_OK);
}

/* The holder answers after the request has gone away. */
static void ask_in_vain(void)
{
    holder.mount.conn.behaviour.act = CLIENT_ACT_HOLD;
    begin(&bob, &file.fh);
    client_op_getattr(C, wanted);
    run(NFS4ERR_DELAY);
    (void)holder_wait(&holder, OP_CB_GETATTR, 0);
    holder.mount.conn.behaviour.act = CLIENT_ACT_ANSWER;
    assert_int_equal(client_callback_release(&holder.mount.conn, false), CLIENT_OK);
    holder_speak(&holder, &holder.mount.conn); /* the server has read what was sent before */
}

static struct nfs4_attrs shown(void)
{
    struct nfs4_attrs attrs;
    enum nfsstat4 status;

    do {
        struct pending pending;

        begin(&bob, &file.fh);
        client_op_getattr(C, wanted);
        pending_send(&pending, &bob);
        holder_pump_until(&holder, pending_is_answered(&pending));
        status = pending_take(&pending);
    } while (status == NFS4ERR_DELAY);
    expect_status(status, NFS4_OK);
    assert_true(
        fattr_decode(&result(OP_GETATTR)->opgetattr.obj_attributes, &attrs, &R->reply.arena));
    return attrs;
}

static void written_behind_a_late_answer(void **state)
{
    struct nfs4_attrs before, after;

    (void)state;
    holder_write(0, "ten bytes.");
    holder.callbacks->attrs.size = 10;
    before = shown();
    assert_int_equal(before.size, 10);
    ask_in_vain();
    holder_write(0, "twenty bytes, or two");
    holder.callbacks->attrs.size = 20;
    after = shown();
    assert_int_equal(after.size, 20);
    assert_true(after.change > before.change);
}

static void truncated_behind_a_late_answer(void **state)
{
    (void)state;
    holder_write(0, "ten bytes.");
    holder.callbacks->attrs.size = 10;
    ask_in_vain();
    holder_truncate(4);
    holder.callbacks->attrs.size = 4;
    assert_int_equal(shown().size, 4);
}

/* The server remembers which data the holder has not written yet, even when it writes other data
 * meanwhile. */
static void unwritten_behind_a_late_answer(void **state)
{
    (void)state;
    holder.callbacks->attrs.size = 30;
    ask_in_vain();
    holder_write(0, "ten bytes.");
    assert_int_equal(shown().size, 30);
}

/* The holder gave up: the data that it announced never came. */
static void never_written(void **state)
{
    struct nfs4_attrs said, left;

    (void)state;
    holder.callbacks->attrs.size = 30;
    said = shown();
    assert_int_equal(said.size, 30);
    holder_return(&holder, &file);
    left = attrs_of(&bob, &file.fh, wanted);
    assert_int_equal(left.size, 0);
    assert_true(left.change > said.change);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    file = holder_delegated(&holder, &dir, "for the end", OPEN_DELEGATE_WRITE);
}

/* ---- a fast holder ---- */

struct seen {
    uint64_t change, size;
};

struct watcher {
    pthread_t thread;
    struct client_mount mount;
    uint32_t count;
    struct seen *seen;
};

static _Atomic uint64_t acknowledged;
static _Atomic bool over;

static enum nfsstat4 watch_once(struct watcher *watcher)
{
    uint64_t least = atomic_load(&acknowledged);
    struct nfs4_attrs attrs;
    enum nfsstat4 status = client_file_getattr(&watcher->mount, &file.fh, wanted, &attrs, NULL);
    const struct seen *last = watcher->count ? &watcher->seen[watcher->count - 1] : NULL;

    if (status != NFS4_OK)
        return status;
    CHECK(attrs.size >= least);
    CHECK(!last || (attrs.size >= last->size && attrs.change >= last->change));
    watcher->seen[watcher->count++] = (struct seen){attrs.change, attrs.size};
    return NFS4_OK;
}

static void *watch(void *arg)
{
    struct watcher *watcher = arg;

    while (!atomic_load(&over) && watcher->count < SEEN_MAX) {
        enum nfsstat4 status = watch_once(watcher);

        CHECK(status == NFS4_OK || status == NFS4ERR_DELAY);
    }
    return NULL;
}

/* A WRITE follows each answer at once and outdates it. */
static uint32_t answer_and_write(void)
{
    struct client_callbacks *callbacks = holder.callbacks;
    const int64_t end_ms = wait_now_ms() + TIME_MS;
    uint32_t rounds = 0;

    while (rounds < ROUNDS && wait_now_ms() < end_ms) {
        uint32_t before = callbacks->count;

        holder_pump_until(&holder, callbacks->count > before);
        callbacks->attrs.size++; /* written into the holder's cache */
        holder_write(callbacks->attrs.size - 1, "x");
        atomic_store(&acknowledged, callbacks->attrs.size);
        rounds++;
    }
    return rounds;
}

static int by_change(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;

    if (x->change != y->change)
        return x->change < y->change ? -1 : 1;
    return x->size < y->size ? -1 : x->size > y->size;
}

static uint32_t two_sizes(struct seen *seen, uint32_t count)
{
    uint32_t found = 0;

    qsort(seen, count, sizeof(*seen), by_change);
    for (uint32_t i = 1; i < count; i++)
        found += seen[i].change == seen[i - 1].change && seen[i].size != seen[i - 1].size;
    return found;
}

static void crossed(void **state)
{
    struct seen *seen = must_calloc((size_t)WATCHERS * SEEN_MAX, sizeof(*seen));
    struct watcher watchers[WATCHERS];
    uint32_t rounds, count = 0;

    (void)state;
    atomic_store(&over, false);
    atomic_store(&acknowledged, 0);
    for (uint32_t i = 0; i < WATCHERS; i++) {
        watchers[i] = (struct watcher){.seen = seen + (size_t)i * SEEN_MAX};
        script_mount_v41(&watchers[i].mount);
        assert_int_equal(pthread_create(&watchers[i].thread, NULL, watch, &watchers[i]), 0);
    }
    rounds = answer_and_write();
    atomic_store(&over, true);
    for (uint32_t i = 0; i < WATCHERS; i++) {
        while (pthread_tryjoin_np(watchers[i].thread, NULL) != 0)
            (void)holder_pump(&holder, 1);
        memmove(seen + count, watchers[i].seen, watchers[i].count * sizeof(*seen));
        count += watchers[i].count;
        client_mount_close(&watchers[i].mount);
    }
    print_message("%u rounds, %u GETATTRs\n", rounds, count);
    assert_int_equal(two_sizes(seen, count), 0);
    free(seen);
}

#define ON(test, export)                                                                           \
    {                                                                                              \
#test " on " #export, test, setup, teardown, script_##export                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(written_behind_a_late_answer, mem),
        ON(written_behind_a_late_answer, local),
        ON(truncated_behind_a_late_answer, mem),
        ON(truncated_behind_a_late_answer, local),
        ON(unwritten_behind_a_late_answer, mem),
        ON(unwritten_behind_a_late_answer, local),
        ON(never_written, mem),
        ON(never_written, local),
        ON(crossed, mem),
        ON(crossed, local),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
