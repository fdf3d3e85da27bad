/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that the server must refuse: a success is a finding. */
#include <stdio.h>
#include <stdlib.h>

#include "attack.h"

enum {
    TRIES = 200,
};

static const char *const victims[] = {"Linux NFSv4.0 client1", "Linux NFSv4.1 client1",
                                      "Linux NFSv4.2 client1", "storm probe"};

/* STORM_VICTIM_FH: a filehandle of an export that does not admit them, in hexadecimal. */
static bool victim_fh(struct client_fh *fh)
{
    const char *text = getenv("STORM_VICTIM_FH");
    unsigned byte;

    fh->len = 0;
    for (; text && fh->len < NFS4_FHSIZE && sscanf(text, "%2x", &byte) == 1; text += 2)
        fh->data[fh->len++] = (uint8_t)byte;
    return fh->len > 0;
}

/* Acts for other clients, from an address that no export admits. */
static void impostor(struct attacker *me)
{
    static struct client_session session;
    struct client_conn conn;
    enum client_status client = CLIENT_OK;

    if (!attacker_connect(me, &conn))
        return;
    for (unsigned i = 0; i < TRIES && (client == CLIENT_OK || client == CLIENT_REJECTED); i++) {
        const char *owner = victims[random_below(&me->random, ARRAY_SIZE(victims))];
        struct client_session_wish wish = client_session_wish_default(owner);
        struct client_id_wish old = client_id_wish_default(owner);
        struct client_id id = {.clientid = random_next(&me->random)};
        enum nfsstat4 status = NFS4ERR_PERM;

        random_fill(random_next(&me->random), session.sessionid, NFS4_SESSIONID_SIZE);
        switch (random_below(&me->random, 4)) {
        case 0:
            client = client_session_exchange_id(&conn, &wish, &session, &status);
            break;
        case 1:
            client = client_id_set(&conn, &old, &id, &status);
            break;
        case 2:
            client = client_session_destroy(&conn, &session, &status);
            break;
        default:
            client = client_id_confirm(&conn, &id, &status);
            break;
        }
        if (client == CLIENT_OK && status == NFS4_OK)
            attacker_finding(me, "a client that no export admits is served", status);
        attacker_note(me, client == CLIENT_OK ? status : NFS4ERR_PERM);
    }
    client_conn_close(&conn);
}

static void append(struct attacker *me, struct client_compound *c)
{
    static const uint8_t data[16];

    switch (random_below(&me->random, 6)) {
    case 0:
        client_op_remove(c, "probe");
        return;
    case 1:
        client_op_write(c, &client_stateid_anonymous, 0, FILE_SYNC4, data, sizeof(data));
        return;
    case 2:
        client_op_create(c, "intruder", NF4DIR, NULL, 0777);
        return;
    case 3:
        client_op_commit(c, 0, 0);
        return;
    case 4:
        client_op_getattr(c, CLIENT_BITS(FATTR4_TYPE, FATTR4_SIZE));
        return;
    default:
        client_op(c, OP_LOOKUPP);
        return;
    }
}

/* An admitted client that has learnt a filehandle of an export that does not admit it. */
static void trespasser(struct attacker *me)
{
    static struct client_mount mount;
    struct client_fh fh;

    if (!victim_fh(&fh) || !attacker_mount(me, 1, &mount, NULL))
        return;
    mount.conn.cred = (struct client_cred){0};
    for (unsigned i = 0; i < TRIES && mount.trouble == CLIENT_OK; i++) {
        struct client_compound c;
        struct client_result r;
        enum nfsstat4 status;

        client_mount_begin(&mount, &c);
        client_op_putfh(&c, &fh);
        append(me, &c);
        status = client_mount_call(&mount, &c, &r);
        if (status == NFS4_OK)
            attacker_finding(me, "an operation on an export that does not admit it", status);
        attacker_note(me, status);
        client_result_free(&r);
    }
    attacker_drop(&mount);
}

const struct attack attack_intruders[] = {
    {"impostor", impostor},
    {"trespasser", trespasser},
    {NULL, NULL},
};
