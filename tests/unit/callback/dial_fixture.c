/* SPDX-License-Identifier: Apache-2.0 */
#include "dial_fixture.h"

#include <string.h>

#include "base/clock.h"
#include "lib/test.h"
#include "lib/wait.h"

enum {
    DIALLED_MAX = 700
};

void dial_fixture_start(struct dial_fixture *f, const struct dial_out_config *config)
{
    /* Their usual share of descriptors may be too small for a test, and would be freed by real
     * time, which does not move the clock. */
    struct transport_config transport = {
        .loops = 2, .reply = dial_out_reply, .dialled_max = DIALLED_MAX};

    clock_stop();
    f->out = dial_out_create(config);
    transport.reply_context = f->out;
    f->transport = transport_create(&transport);
    assert_non_null(f->transport);
    assert_int_equal(transport_start(f->transport), 0);
    dial_out_start(f->out, f->transport);
}

void dial_fixture_stop(struct dial_fixture *f)
{
    struct transport_stats stats;

    dial_out_stop(f->out);
    assert_true(transport_drain_stop(f->transport, WAIT_PATIENCE_MS));
    transport_stats_read(f->transport, &stats);
    assert_int_equal(stats.dialled_connections, 0);
    assert_int_equal(stats.closed, stats.dialled);
    transport_destroy(f->transport);
    dial_out_destroy(f->out);
}

void dial_fixture_pass_ms(struct dial_fixture *f, int64_t ms)
{
    clock_advance_ns(ms * NSEC_PER_MSEC);
    dial_out_tick(f->out, clock_now_ns());
}

struct dial_out_stats dial_fixture_stats(struct dial_fixture *f)
{
    struct dial_out_stats stats;

    dial_out_stats_read(f->out, &stats);
    return stats;
}

/* ---- callbacks ---- */

void told_done(enum callback_outcome outcome, const struct cb_reply *reply, void *arg)
{
    struct told *told = arg;

    CHECK((reply != NULL) == (outcome == CALLBACK_ANSWERED));
    atomic_store(&told->outcome, outcome);
    if (reply) {
        atomic_store(&told->status, reply->status);
        if (reply->result_count && reply->results[0].op == OP_CB_GETATTR && !reply->status)
            atomic_store(&told->words, reply->results[0].getattr.obj_attributes.attr_vals.len);
    }
    atomic_fetch_add(&told->count, 1);
}

bool recall_send(struct dial_fixture *f, uint64_t clientid, struct told *told)
{
    static const uint8_t fh[] = {1, 2, 3, 4, 5};
    struct cb_op op = {.op = OP_CB_RECALL};

    memset(told, 0, sizeof(*told));
    op.recall.stateid.seqid = 3;
    memset(op.recall.stateid.other, 0x77, NFS4_OTHER_SIZE);
    op.recall.fh = (struct nfs_fh4){fh, sizeof(fh)};
    return dial_out_call(f->out, clientid, &op, 1, told_done, told);
}

void wait_state(struct dial_fixture *f, uint64_t clientid, enum dial_path_state state)
{
    wait_until(dial_out_state(f->out, clientid) == state);
}

void wait_told(struct told *told, enum callback_outcome outcome)
{
    wait_until(atomic_load(&told->count) > 0);
    assert_int_equal(atomic_load(&told->outcome), outcome);
}

int path_up(struct dial_fixture *f, uint64_t clientid, int listener,
            const struct dial_target *target)
{
    static _Atomic uint32_t serial = 1;
    int fd;

    assert_true(dial_out_set(f->out, clientid, target, atomic_fetch_add(&serial, 1)));
    fd = peer_accept(listener);
    peer_reply_null(fd, peer_expect_null(fd));
    wait_state(f, clientid, DIAL_PATH_UP);
    return fd;
}
