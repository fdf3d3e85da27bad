/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attack.h"
#include "client/client_call.h"
#include "lib/wait.h"

enum {
    FILES = 24, /* that all holders compete for */
    HELD = 32,
    STEPS = 400,
    BYTES = 4096,
    OWNERS = 8,
};

struct holder {
    struct attacker *me;
    struct client_mount mount;
    struct client_fh dir;
    unsigned count;
    struct client_file held[HELD];
};

static struct holder holder;

/* Choose how the holder answers callbacks from now on: mostly wrongly. */
static void change_manner(struct holder *h)
{
    static const enum nfsstat4 answers[] = {
        NFS4_OK,         NFS4ERR_DELAY, NFS4ERR_BADHANDLE, NFS4ERR_BAD_STATEID, NFS4ERR_SERVERFAULT,
        NFS4ERR_RESOURCE};
    struct client_behaviour *behaviour = &h->mount.conn.behaviour;
    struct random *random = &h->me->random;
    struct client_callbacks *callbacks = h->mount.conn.callbacks;

    *behaviour = (struct client_behaviour){.times = random_below(random, 4)};
    if (random_one_in(random, 2))
        behaviour->act = random_below(random, CLIENT_ACT_DENY + 1);
    behaviour->op_status = answers[random_below(random, ARRAY_SIZE(answers))];
    behaviour->accept_stat = ACCEPT_SUCCESS + random_below(random, 5);
    if (callbacks) {
        callbacks->attrs.size = random_next(random) >> random_below(random, 64);
        callbacks->attrs.change = random_next(random) >> random_below(random, 64);
    }
}

static void forget(struct holder *h, unsigned which)
{
    h->held[which] = h->held[--h->count];
}

static enum nfsstat4 open_one(struct holder *h)
{
    static const uint32_t wants[] = {0, OPEN4_SHARE_ACCESS_WANT_READ_DELEG,
                                     OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG,
                                     OPEN4_SHARE_ACCESS_WANT_ANY_DELEG};
    struct random *random = &h->me->random;
    char name[64], owner[64];
    struct client_open how = {
        .owner = attacker_name(h->me, "holder", OWNERS, owner),
        .access = OPEN4_SHARE_ACCESS_READ + random_below(random, 3),
        .name = attacker_name(h->me, "f", FILES, name),
        .create = random_one_in(random, 2),
        .mode = 0666,
    };
    enum nfsstat4 status;

    if (!h->mount.v40)
        how.access |= wants[random_below(random, ARRAY_SIZE(wants))];
    if (h->count == HELD)
        forget(h, random_below(random, HELD));
    status = client_file_open(&h->mount, &h->dir, &how, &h->held[h->count]);
    if (status == NFS4_OK)
        h->count++;
    return status;
}

static enum nfsstat4 end_one(struct holder *h)
{
    unsigned which = random_below(&h->me->random, h->count);
    struct client_file *file = &h->held[which];
    const struct stateid4 *delegation = client_file_delegation(file);
    enum nfsstat4 status = NFS4_OK;

    if (delegation && random_one_in(&h->me->random, 2))
        status = client_file_return(&h->mount, &file->fh, delegation);
    if (random_one_in(&h->me->random, 2))
        status = client_file_close(&h->mount, file);
    forget(h, which);
    return status;
}

static enum nfsstat4 use_one(struct holder *h)
{
    static const uint8_t data[BYTES];
    struct client_file *file = &h->held[random_below(&h->me->random, h->count)];
    struct nfs4_attrs attrs = {.size = random_below(&h->me->random, BYTES)};
    uint32_t written;

    switch (random_below(&h->me->random, 3)) {
    case 0:
        return client_file_write(&h->mount, file, random_below(&h->me->random, BYTES), UNSTABLE4,
                                 data, BYTES, &written);
    case 1:
        return client_file_getattr(&h->mount, &file->fh,
                                   CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE, FATTR4_TIME_MODIFY),
                                   &attrs, NULL);
    default:
        return client_file_setattr(&h->mount, &file->fh, CLIENT_BITS(FATTR4_SIZE), &attrs);
    }
}

/* REMOVE and RENAME of files that other clients hold. */
static enum nfsstat4 disturb(struct holder *h)
{
    char from[64], to[64];
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    (void)attacker_name(h->me, "f", FILES, from);
    if (random_one_in(&h->me->random, 2))
        return client_file_remove(&h->mount, &h->dir, from);
    client_mount_begin(&h->mount, &c);
    client_op_putfh(&c, &h->dir);
    client_op(&c, OP_SAVEFH);
    client_op_rename(&c, from, attacker_name(h->me, "f", FILES, to));
    status = client_mount_call(&h->mount, &c, &r);
    client_result_free(&r);
    return status;
}

static enum nfsstat4 step(struct holder *h)
{
    unsigned what = random_below(&h->me->random, 8);

    if (what < 3 || (h->count == 0 && what < 6))
        return open_one(h);
    if (what == 3)
        return end_one(h);
    if (what < 6)
        return use_one(h);
    if (what == 6)
        return disturb(h);
    change_manner(h);
    if (h->mount.conn.callbacks)
        (void)client_call_serve(&h->mount.conn, (int)random_below(&h->me->random, 30));
    return NFS4_OK;
}

static void run(struct holder *h)
{
    h->count = 0;
    if (attacker_dir(h->me, &h->mount, random_one_in(&h->me->random, 2) ? "/attack" : "/mem",
                     "held", &h->dir))
        for (unsigned i = 0; i < STEPS && h->mount.trouble == CLIENT_OK; i++) {
            if (attacker_is_over(h->me))
                return;
            attacker_note(h->me, step(h));
        }
    attacker_drop(&h->mount);
}

/* Holders with sessions. */
static void hold(struct attacker *me)
{
    static struct client_callbacks callbacks;

    memset(&callbacks, 0, sizeof(callbacks));
    holder.me = me;
    if (attacker_mount(me, 1 + random_below(&me->random, 2), &holder.mount, &callbacks))
        run(&holder);
}

/* A listener that accepts connections and never sends a byte. */
static in_port_t silent_listener(struct attacker *me)
{
    static int listener = -1;
    struct sockaddr_in own = {.sin_family = AF_INET};
    socklen_t len = sizeof(own);

    (void)inet_pton(AF_INET, me->source, &own.sin_addr);
    if (listener < 0) {
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(listener, (struct sockaddr *)&own, sizeof(own)) != 0 || listen(listener, 64) != 0)
            return 0;
    }
    return getsockname(listener, (struct sockaddr *)&own, &len) == 0 ? ntohs(own.sin_port) : 0;
}

/* Clients without sessions: the server is to dial closed ports, silent listeners and itself. */
static void dial(struct attacker *me)
{
    static const char *const addresses[] = {"10.77.0.200.8.1", "192.0.2.1.8.1",
                                            "10.77.0.1.8.1",   "10.77.0.1.0.9",
                                            "1.2.3",           "255.255.255.255.1.1"};
    char owner[64], listening[64];
    struct client_id_wish wish = client_id_wish_default(attacker_new_name(me, owner));
    unsigned which = random_below(&me->random, ARRAY_SIZE(addresses) + 2);
    enum nfsstat4 status;

    holder.me = me;
    memset(&holder.mount, 0, sizeof(holder.mount));
    holder.mount.v40 = true;
    if (!attacker_connect(me, &holder.mount.conn))
        return;
    if (which < ARRAY_SIZE(addresses)) {
        wish.address = addresses[which];
    } else {
        unsigned port = silent_listener(me);

        (void)snprintf(listening, sizeof(listening), "%s.%u.%u", me->source, port >> 8, port & 255);
        wish.address = listening;
    }
    wish.netid = "tcp";
    wish.callback_program = 0x40000000;
    holder.mount.trouble = client_id_open(&holder.mount.conn, &wish, &holder.mount.id, &status);
    if (holder.mount.trouble == CLIENT_OK && status == NFS4_OK)
        run(&holder);
    else
        attacker_drop(&holder.mount);
}

const struct attack attack_callbacks[] = {
    {"hold", hold},
    {"dial", dial},
    {NULL, NULL},
};
