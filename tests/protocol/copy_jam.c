/* SPDX-License-Identifier: Apache-2.0 */
#include "copy_jam.h"

#define LENGTH (9 * COPYING_MIB) /* of those that hang: two pieces */

void copy_jam_hold(struct disk_watch *watch)
{
    disk_watch_hold(watch, DISK_BIT(DISK_COPY));
}

void copy_jam_await(const struct disk_watch *watch, uint32_t count)
{
    wait_until(atomic_load(&watch->held) == count);
}

static struct client_file open_new(struct holder *holder, const struct client_fh *dir,
                                   const char *name)
{
    const struct client_open how = {.owner = "jam",
                                    .access =
                                        OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                    .name = name,
                                    .create = true,
                                    .how = GUARDED4,
                                    .mode = 0666};
    struct client_file file;

    expect_status(client_file_open(&holder->mount, dir, &how, &file), NFS4_OK);
    return file;
}

static void make_files(struct copy_jam *jam)
{
    const struct client_fh dir = script_dir(script_local);

    holder_open(&jam->holder, 2);
    jam->from = open_new(&jam->holder, &dir, "source");
    copying_fill(&jam->holder.mount, &jam->from, 0, LENGTH, 2);
    for (uint32_t i = 0; i < ARRAY_SIZE(jam->to); i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "target%u", i);
        jam->to[i] = open_new(&jam->holder, &dir, name);
    }
}

static void add(struct copy_jam *jam, uint32_t i)
{
    struct copying copying = copying_all(&jam->from, &jam->to[i]);

    copying.asynchronous = true;
    jam->stateids[i] = offloading_begin(&jam->holder.mount, &copying);
}

static uint64_t progress(struct holder *holder, const struct client_fh *fh,
                         const struct stateid4 *stateid)
{
    expect_status(offload(&holder->mount, fh, OP_OFFLOAD_STATUS, stateid), NFS4_OK);
    assert_false(offloading_is_over());
    return result(OP_OFFLOAD_STATUS)->opoffload_status.osr_count;
}

/* All hang but one, which has no thread after its next turn: then the last comes before it. */
struct stateid4 copy_jam_begin(struct copy_jam *jam, struct disk_watch *watch,
                               struct holder *holder, const struct copying *copying,
                               const char *name)
{
    struct stateid4 stateid;

    jam->watch = watch;
    make_files(jam);
    copy_jam_hold(watch);
    stateid = offloading_begin(&holder->mount, copying);
    copy_jam_await(watch, 1);
    for (uint32_t i = 0; i < ARRAY_SIZE(jam->to); i++)
        add(jam, i);
    copy_jam_await(watch, LIMIT_COPY_THREADS_PER_VOLUME);
    disk_watch_spare(watch, name);
    wait_until(progress(holder, &copying->to, &stateid) > 0);
    copy_jam_await(watch, LIMIT_COPY_THREADS_PER_VOLUME);
    return stateid;
}

void copy_jam_break(struct copy_jam *jam)
{
    disk_watch_reset(jam->watch);
}

void copy_jam_end(struct copy_jam *jam)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(jam->to); i++) {
        const struct client_callback_op *op;
        uint32_t number = 0;

        op = offloading_hear(&jam->holder, &jam->stateids[i], &number);
        expect_status(op->offload_status, NFS4_OK);
        assert_int_equal(op->offload_bytes, LENGTH);
        offloading_expect_gone(&jam->holder, &jam->to[i].fh, &jam->stateids[i]);
        copying_expect(&bob, &jam->to[i].fh, 0, LENGTH, 0, 2);
    }
    holder_close(&jam->holder);
}
