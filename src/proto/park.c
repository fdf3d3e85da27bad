/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/park.h"

#include "base/clock.h"
#include "state/delegation/delegation_waiter.h"

static void wake(struct delegation_waiter *waiter)
{
    rpc_call_resume(CONTAINER_OF(waiter, struct compound_park, waiter)->c->call);
}

void compound_park_begin(struct compound_park *park, struct compound *c, struct reply *reply,
                         enum rpc_result (*run_on)(struct compound_park *park))
{
    if (!c->call->park_ok)
        return;
    park->c = c;
    park->reply = reply;
    park->run_on = run_on;
    if (atomic_load_explicit(&c->server->recall_park_ms, memory_order_relaxed) == 0)
        return;
    park->waiter.wake = wake;
    c->waiter = &park->waiter;
}

/* Of the whole compound, however often it waits. */
static int64_t deadline(struct compound_park *park)
{
    uint32_t ms = atomic_load_explicit(&park->c->server->recall_park_ms, memory_order_relaxed);

    if (park->until_ns == 0)
        park->until_ns = clock_now_ns() + ms * NSEC_PER_MSEC;
    return park->until_ns;
}

static void wait_note(struct rpc_call *call)
{
    if (!call->waited_since_ns)
        call->waited_since_ns = clock_now_ns();
}

bool compound_park_try(struct compound_park *park, enum nfsstat4 status)
{
    if (park->asked)
        return true;
    park->yields = false;
    park->asked = status == NFS4ERR_DELAY && rpc_call_park(park->c->call, deadline(park));
    if (park->asked) {
        wait_note(park->c->call);
        return true;
    }
    park->wake_due = !delegation_waiter_cancel(&park->waiter);
    park->c->waiter = NULL;
    return false;
}

static enum rpc_result parked(struct compound_park *park)
{
    struct compound *c = park->c;

    park->limit = (size_t)(park->reply->limit - c->out->start);
    c->call->parked = park;
    vfs_memo_end();
    return RPC_PARKED;
}

/* The compound has a reference on its client. */
static void client_count(struct compound_park *park)
{
    park->client = park->c->client;
    if (park->client)
        atomic_fetch_add_explicit(&park->client->parked, 1, memory_order_relaxed);
}

static void client_uncount(struct compound_park *park)
{
    if (park->client)
        atomic_fetch_sub_explicit(&park->client->parked, 1, memory_order_relaxed);
    park->client = NULL;
}

enum rpc_result compound_park(struct compound_park *park)
{
    CHECK(park->asked);
    client_count(park);
    return parked(park);
}

enum rpc_result compound_yield(struct compound_park *park)
{
    park->yields = true;
    return parked(park);
}

enum rpc_result compound_park_resume(struct compound_park *park)
{
    struct compound *c = park->c;
    bool woken;

    if (park->ended)
        return park->result;
    compound_take(c);
    park->reply->limit = c->out->start + park->limit;
    park->client_removed |= compound_client_removed(c);
    if (park->yields)
        return park->run_on(park);
    client_uncount(park);
    park->asked = false;
    woken = !delegation_waiter_cancel(&park->waiter);
    if (c->call->park_expired) {
        park->wake_due = woken;
        c->waiter = NULL;
    } else {
        CHECK(woken);
    }
    return park->run_on(park);
}

enum rpc_result compound_park_end(struct compound_park *park, enum rpc_result result)
{
    struct compound *c = park->c;

    if (!park->wake_due)
        return result;
    if (c->out->failed)
        xdr_rewind(c->out, 0); /* it is no part of the answer */
    park->ended = true;
    park->result = result;
    c->call->parked = park;
    CHECK(rpc_call_park(c->call, 0));
    return RPC_PARKED;
}
