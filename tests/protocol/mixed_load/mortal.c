/* SPDX-License-Identifier: Apache-2.0 */
#include "mortal.h"

#include <stdio.h>

static void prey_name(const struct mortal *m, char name[16])
{
    (void)snprintf(name, 16, "prey %u", m->actor.number);
}

static uint32_t deny_of(const struct mortal *m)
{
    return atomic_load(&m->locks) ? OPEN4_SHARE_DENY_NONE : OPEN4_SHARE_DENY_BOTH;
}

/* Send nothing until the hunter has the item. */
static bool be_silent(struct mortal *m)
{
    int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;

    atomic_store(&m->phase, MORTAL_SILENT);
    while (atomic_load(&m->phase) == MORTAL_SILENT && !atomic_load(&m->actor.load->stop)) {
        if (wait_now_ms() > end_ms)
            actor_differs(&m->actor, "nobody got what a silent client has");
        wait_ms(5);
    }
    return atomic_load(&m->phase) == MORTAL_ROBBED;
}

static uint32_t flags_now(struct actor *me)
{
    enum nfsstat4 status = NFS4_OK;

    if (client_session_renew(&me->mount->conn, &me->mount->session, 0, &status) != CLIENT_OK ||
        status != NFS4_OK)
        actor_differs(me, "SEQUENCE is answered with %s", status_name(status));
    return me->mount->session.status_flags;
}

static void free_stateid(struct actor *me, const struct stateid4 *stateid)
{
    struct nfs_argop4 op = {.argop = OP_FREE_STATEID, .opfree_stateid = {*stateid}};
    struct client_compound c;
    struct client_result r;

    client_mount_begin(me->mount, &c);
    client_compound_add(&c, &op);
    actor_got(me, "FREE_STATEID", client_mount_call(me->mount, &c, &r), NFS4_OK);
    client_result_free(&r);
}

/* In 4.1 the loss is reported until the client acknowledges it. */
static void acknowledge(struct actor *me, const struct stateid4 *lost)
{
    int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;

    if (!(flags_now(me) & SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED))
        actor_differs(me, "it is not told of its loss");
    free_stateid(me, lost);
    while (flags_now(me) & SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED) {
        if (wait_now_ms() > end_ms) {
            actor_differs(me, "it is told of its loss for ever");
            return;
        }
        wait_ms(1);
    }
}

static void renew_is(struct actor *me, enum nfsstat4 expect)
{
    enum nfsstat4 status = NFS4ERR_SERVERFAULT;

    if (client_id_renew(&me->mount->conn, &me->mount->id, &status) != CLIENT_OK || status != expect)
        actor_differs(me, "RENEW is answered with %s", status_name(status));
}

/* In 4.0 until it registers again. */
static void say_name(struct mortal *m)
{
    struct actor *me = &m->actor;
    enum nfsstat4 status = NFS4ERR_SERVERFAULT;
    struct client_id id = {0};

    renew_is(me, NFS4ERR_EXPIRED);
    if (client_id_open(&me->mount->conn, &m->wish, &id, &status) != CLIENT_OK ||
        status != NFS4_OK || id.clientid != me->mount->id.clientid)
        actor_differs(me, "SETCLIENTID does not find it again: %s", status_name(status));
    renew_is(me, NFS4_OK);
}

static void come_back(struct mortal *m, struct place *prey, struct place *kept)
{
    struct actor *me = &m->actor;
    uint64_t value = 0;
    enum nfsstat4 status = actor_read(me, prey, 0, &value, sizeof(value));

    if (status != NFS4ERR_EXPIRED)
        actor_differs(me, "READ of what it lost is answered with %s", status_name(status));
    actor_got(me, "READ of what it kept", actor_read(me, kept, 0, &value, sizeof(value)), NFS4_OK);
    if (me->mount->v40)
        say_name(m);
    else
        acknowledge(me, &prey->file.stateid);
    actor_got(me, "CLOSE of what it kept", actor_close(me, kept), NFS4_OK);
}

static void live(struct mortal *m)
{
    struct actor *me = &m->actor;
    const struct client_fh *dir = &me->load->data;
    struct place prey, kept;
    char name[16];
    uint64_t value = 1;

    prey_name(m, name);
    actor_got(me, "OPEN of the prey", actor_open(me, dir, name, deny_of(m), &prey), NFS4_OK);
    if (atomic_load(&m->locks))
        actor_got(me, "LOCK of the prey", actor_lock(me, &prey, 0, 10), NFS4_OK);
    (void)snprintf(name, sizeof(name), "kept %u", me->number);
    actor_got(me, "OPEN", actor_open(me, dir, name, OPEN4_SHARE_DENY_BOTH, &kept), NFS4_OK);
    atomic_store(&m->silent_ms, wait_now_ms());
    actor_got(me, "WRITE", actor_write(me, &kept, 0, &value, sizeof(value)), NFS4_OK);
    if (!be_silent(m))
        return;
    atomic_store(&m->phase, MORTAL_LIVES);
    come_back(m, &prey, &kept);
}

void *mortal_run(void *mortal)
{
    struct mortal *m = mortal;

    for (unsigned cycle = 0; cycle < m->cycles && !atomic_load(&m->actor.load->stop); cycle++) {
        atomic_store(&m->locks, cycle % 2);
        live(m);
    }
    atomic_store(&m->done, true);
    return NULL;
}

/* One try; returns whether it succeeded. */
static bool try(struct mortal *m)
{
    struct actor *me = &m->hunter;
    enum nfsstat4 also = atomic_load(&m->locks) ? NFS4_OK : NFS4ERR_SHARE_DENIED;
    struct place prey;
    char name[16];
    bool got;

    prey_name(m, name);
    if (!actor_got(me, "OPEN of the prey", actor_open(me, &me->load->data, name, deny_of(m), &prey),
                   also))
        return false;
    got = !atomic_load(&m->locks) ||
          actor_got(me, "LOCK of the prey", actor_lock(me, &prey, 5, 10), NFS4ERR_DENIED);
    if (got && wait_now_ms() - atomic_load(&m->silent_ms) < LOAD_LEASE_S * 1000)
        actor_differs(me, "it got what somebody has whose lease is good");
    actor_got(me, "CLOSE of the prey", actor_close(me, &prey), NFS4_OK);
    return got;
}

void *mortal_hunt(void *mortal)
{
    struct mortal *m = mortal;

    while (!atomic_load(&m->done) && !atomic_load(&m->hunter.load->stop)) {
        if (atomic_load(&m->phase) == MORTAL_SILENT && try(m))
            atomic_store(&m->phase, MORTAL_ROBBED);
        wait_ms(20);
    }
    return NULL;
}
