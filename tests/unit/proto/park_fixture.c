/* SPDX-License-Identifier: Apache-2.0 */
#include "park_fixture.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/test.h"
#include "state/client/client.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_getattr.h"
#include "state/delegation/delegation_tables.h"
#include "state/file/owner.h"

_Atomic unsigned park_recalls;

static struct v41_session holder;
static struct v41_call holder_call;
static int holder_fd;

static bool reachable(struct client *client, void *context)
{
    (void)client, (void)context;
    return true;
}

static void recall(struct delegation *delegation, void *context)
{
    (void)delegation, (void)context;
    atomic_fetch_add(&park_recalls, 1);
}

static void no_answer(struct delegation *delegation, void *context)
{
    (void)context;
    delegation_attr_answer(delegation, NULL);
}

struct wire_opaque park_text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

void park_ms(uint32_t ms)
{
    atomic_store(&test_server.recall_park_ms, ms);
}

int park_set_up(void **unused)
{
    static const struct delegation_hooks hooks = {
        .reachable = reachable, .recall = recall, .getattr = no_answer};

    (void)v41_set_up(unused);
    delegation_hook(test_server.state, &hooks);
    atomic_store(&park_recalls, 0);
    park_ms(PARK_LONG_MS);
    holder_fd = v41_connect();
    park_client(holder_fd, "holder", 4, &holder);
    return 0;
}

int park_tear_down(void **unused)
{
    close(holder_fd);
    return v41_tear_down(unused);
}

void park_client(int fd, const char *owner, uint32_t slots, struct v41_session *session)
{
    static struct v41_call call;
    struct channel_attrs4 fore = v41_attrs();

    fore.ca_maxrequests = slots;
    v41_session_make(fd, owner, &fore, session);
    assert_int_equal(session->granted.csr_fore_chan_attrs.ca_maxrequests, slots);
    v41_begin_in(&call, session, false);
    xdr_put_u32(v41_op(&call, OP_RECLAIM_COMPLETE), 0);
    v41_roundtrip(fd, &call);
    assert_int_equal(call.status, NFS4_OK);
}

struct stateid4 park_delegated(const char *name)
{
    struct OPEN4args args = {
        .share_access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG,
        .owner = {.owner = park_text("holder")},
        .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = UNCHECKED4}},
        .claim = {.claim = CLAIM_NULL, .file = park_text(name)},
    };
    struct nfs_argop4 close = {.argop = OP_CLOSE,
                               .opclose = {.open_stateid = {.seqid = 1}}}; /* the current stateid */
    struct OPEN4resok resok;

    v41_begin_in(&holder_call, &holder, false);
    holder_call.arena = NULL;
    v41_op(&holder_call, OP_PUTROOTFH);
    assert_true(wire_OPEN4args(v41_op(&holder_call, OP_OPEN), &args));
    v41_put(&holder_call, &close);
    v41_roundtrip(holder_fd, &holder_call);
    assert_int_equal(holder_call.status, NFS4_OK);
    assert_int_equal(v41_result(&holder_call, OP_SEQUENCE), NFS4_OK);
    assert_int_equal(v41_result(&holder_call, OP_PUTROOTFH), NFS4_OK);
    assert_int_equal(v41_result(&holder_call, OP_OPEN), NFS4_OK);
    assert_true(wire_OPEN4resok(&holder_call.results, &resok));
    assert_int_equal(resok.delegation.delegation_type, OPEN_DELEGATE_WRITE);
    return resok.delegation.write.stateid;
}

void park_return(const char *name, const struct stateid4 *stateid)
{
    struct DELEGRETURN4args args = {.deleg_stateid = *stateid};

    v41_begin_in(&holder_call, &holder, false);
    holder_call.arena = NULL;
    v41_op(&holder_call, OP_PUTROOTFH);
    v41_op_lookup(&holder_call, name);
    wire_DELEGRETURN4args(v41_op(&holder_call, OP_DELEGRETURN), &args);
    v41_roundtrip(holder_fd, &holder_call);
    assert_int_equal(holder_call.status, NFS4_OK);
}

void park_op_open(struct v41_call *call, const char *owner, const char *name)
{
    struct OPEN4args args = {
        .share_access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
        .owner = {.owner = park_text(owner)},
        .openhow = {.opentype = OPEN4_NOCREATE},
        .claim = {.claim = CLAIM_NULL, .file = park_text(name)},
    };

    v41_op(call, OP_PUTROOTFH);
    assert_true(wire_OPEN4args(v41_op(call, OP_OPEN), &args));
}

static void nap(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    nanosleep(&pause, NULL);
}

void park_wait(uint64_t calls)
{
    while (v41_transport_stats().parked_calls != calls)
        nap();
}

void park_wait_times(uint64_t times)
{
    while (v41_transport_stats().parks < times)
        nap();
}

uint32_t park_opens(uint64_t clientid)
{
    struct client *client = client_lookup(test_server.state, clientid);
    uint32_t count;

    assert_non_null(client);
    count = atomic_load(&owner_table_of(client)->open_total);
    client_put(client);
    return count;
}
