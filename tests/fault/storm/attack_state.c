/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "attack.h"

enum {
    SESSIONS = 80,
};

/* Client records, few of them confirmed, in all minor versions. */
static void clients(struct attacker *me)
{
    static struct client_session session;
    struct client_conn conn;
    enum nfsstat4 status = NFS4_OK;
    enum client_status client = CLIENT_OK;

    if (!attacker_connect(me, &conn))
        return;
    while (client == CLIENT_OK && !attacker_is_over(me)) {
        char owner[64];
        struct client_session_wish wish;

        if (random_one_in(&me->random, 3)) {
            struct client_id_wish old = client_id_wish_default(attacker_new_name(me, owner));
            struct client_id id;

            client = random_one_in(&me->random, 2) ? client_id_set(&conn, &old, &id, &status)
                                                   : client_id_open(&conn, &old, &id, &status);
        } else {
            wish = client_session_wish_default(random_one_in(&me->random, 8)
                                                   ? attacker_name(me, "again", 16, owner)
                                                   : attacker_new_name(me, owner));
            client = random_one_in(&me->random, 2)
                         ? client_session_exchange_id(&conn, &wish, &session, &status)
                         : client_session_open(&conn, &wish, &session, &status);
        }
        attacker_note(me, status);
    }
    client_conn_close(&conn);
}

/* Sessions of one client, created and destroyed. */
static void sessions(struct attacker *me)
{
    static struct client_session made[SESSIONS];
    char owner[64];
    struct client_session_wish wish = client_session_wish_default(attacker_new_name(me, owner));
    struct client_conn conn;
    enum nfsstat4 status = NFS4_OK;
    unsigned count = 0;

    if (!attacker_connect(me, &conn))
        return;
    wish.fore.ca_maxrequests = 1 + random_below(&me->random, 1024);
    if (client_session_exchange_id(&conn, &wish, &made[0], &status) != CLIENT_OK) {
        client_conn_close(&conn);
        return;
    }
    while (status == NFS4_OK && count < SESSIONS - 1) {
        made[count + 1] = made[count];
        if (client_session_create(&conn, &wish, &made[count + 1], &status) != CLIENT_OK)
            break;
        attacker_note(me, status);
        count++;
    }
    for (unsigned i = 1; i < count; i++) {
        if (random_one_in(&me->random, 2) &&
            client_session_destroy(&conn, &made[i], &status) != CLIENT_OK)
            break;
        attacker_note(me, status);
    }
    client_conn_close(&conn);
}

const struct attack attack_state[] = {
    {"clients", clients},
    {"sessions", sessions},
    {NULL, NULL},
};
