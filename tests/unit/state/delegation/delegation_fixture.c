/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/state/delegation/delegation_fixture.h"

#include "state/delegation/delegation.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_history.h"
#include "state/delegation/delegation_offer.h"
#include "state/delegation/delegation_tables.h"
#include "state/delegation/delegation_waiter.h"

struct hooked hooked;

static bool hook_reachable(struct client *client, void *context)
{
    assert_ptr_equal(context, &hooked);
    assert_non_null(client);
    return !hooked.unreachable;
}

static void hook_recall(struct delegation *delegation, void *context)
{
    assert_ptr_equal(context, &hooked);
    assert_true(hooked.recalls < HOOKED_MAX);
    stateid_value(&delegation->sid, &hooked.recalled[hooked.recalls++]);
}

static void forget_asked(void)
{
    if (hooked.asked)
        stateid_put(&hooked.asked->sid);
    hooked.asked = NULL;
}

static void hook_getattr(struct delegation *delegation, void *context)
{
    assert_ptr_equal(context, &hooked);
    forget_asked();
    stateid_get(&delegation->sid);
    hooked.asked = delegation;
    hooked.questions++;
}

int delegation_set_up(void **unused)
{
    const struct delegation_hooks hooks = {hook_reachable, hook_recall, hook_getattr, &hooked};
    int status = fixture_set_up(unused);

    hooked = (struct hooked){.recalls = 0};
    delegation_hook(fx.state, &hooks);
    return status;
}

int delegation_tear_down(void **unused)
{
    forget_asked();
    return fixture_tear_down(unused);
}

struct delegation_request wish(struct client *client, struct vfs_object *obj,
                               enum delegation_kind kind)
{
    return (struct delegation_request){.client = client,
                                       .obj = obj,
                                       .cred = &fx.cred,
                                       .kind = kind,
                                       .fh = name_of("handle"),
                                       .now_ns = clock_now_ns()};
}

struct stateid4 must_give_by(const struct delegation_request *request)
{
    enum why_no_delegation4 why;
    enum delegation_kind kind;
    struct stateid4 stateid;

    assert_true(delegation_offer(fx.state, request, &kind, &stateid, &why));
    assert_int_equal(kind, request->kind);
    return stateid;
}

struct stateid4 must_give(struct client *client, struct vfs_object *obj, enum delegation_kind kind)
{
    const struct delegation_request request = wish(client, obj, kind);

    return must_give_by(&request);
}

enum why_no_delegation4 must_refuse(const struct delegation_request *request)
{
    enum why_no_delegation4 why;
    enum delegation_kind kind;
    struct stateid4 stateid;

    assert_false(delegation_offer(fx.state, request, &kind, &stateid, &why));
    return why;
}

enum nfsstat4 do_return(struct client *client, const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, stateid, client);
    enum nfsstat4 status;

    if (!sid)
        return NFS4ERR_BAD_STATEID;
    assert_int_equal(sid->kind, STATEID_DELEGATION);
    status = delegation_return(delegation_of_stateid(sid), stateid->seqid);
    stateid_put(sid);
    return status;
}

static enum nfsstat4 begin_and_end(struct client *client, struct vfs_object *obj,
                                   enum delegation_use what, struct delegation_waiter *waiter)
{
    enum nfsstat4 status = delegation_begin(fx.state, &(struct delegation_claim){client, obj, what},
                                            clock_now_ns(), waiter);

    if (status == NFS4_OK)
        delegation_end(fx.state, obj);
    return status;
}

enum nfsstat4 change(struct client *client, struct vfs_object *obj,
                     struct delegation_waiter *waiter)
{
    return begin_and_end(client, obj, DELEGATION_USE_CHANGE, waiter);
}

enum nfsstat4 use(struct client *client, struct vfs_object *obj, struct delegation_waiter *waiter)
{
    return begin_and_end(client, obj, DELEGATION_USE_READ, waiter);
}

static void count_wake(struct delegation_waiter *waiter)
{
    CONTAINER_OF(waiter, struct counting_waiter, waiter)->woken++;
}

void counting_waiter_init(struct counting_waiter *waiter)
{
    *waiter = (struct counting_waiter){.waiter = {.wake = count_wake}};
}

struct delegation_stats stats(void)
{
    struct delegation_stats stats;

    delegation_stats_read(fx.state, clock_now_ns(), &stats);
    return stats;
}

void renew_all(void)
{
    client_renew(fx.alice, clock_now_ns());
    client_renew(fx.bob, clock_now_ns());
    client_renew(fx.carol, clock_now_ns());
}

void pass_ms(int64_t ms)
{
    clock_advance_ns(ms * NSEC_PER_MSEC);
    renew_all();
}

void fall_silent(struct client *client)
{
    atomic_store(&client->renewed_ns, clock_now_ns() - 3600 * NSEC_PER_SEC);
}

void pass_rest(void)
{
    pass_ms((int64_t)DELEGATION_COOLDOWN_MS << (DELEGATION_COOLDOWN_DOUBLINGS + 2));
}
