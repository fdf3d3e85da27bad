/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum {
    SLOTS_MAX = CLIENT_SLOTS,
    REPLY_WORDS = 7, /* xid, REPLY, accepted, verifier's flavor and length, SUCCESS, status */
    MUTATIONS_MAX = 4,
    SEQUENCE_REST_BYTES = 16, /* of its arguments, from the sequence id on */
};

/* One of a few values that mean something to a decoder, or any. */
static uint32_t odd_word(struct random *random)
{
    static const uint32_t words[] = {
        0,   1,   2,    3,    4,     7,          8,          64,         127,        128,
        255, 256, 1024, 4096, 65536, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x00ffffff};

    return random_one_in(random, 4) ? (uint32_t)random_next(random)
                                    : words[random_below(random, ARRAY_SIZE(words))];
}

void pipeline_mutate(struct pipeline *p, struct client_compound *c)
{
    struct random *random = &p->me->random;
    size_t first = c->seqid_pos > 0 ? c->seqid_pos + SEQUENCE_REST_BYTES : c->count_pos + 4,
           len = xdr_pos(&c->x);
    unsigned count = 1 + random_below(random, MUTATIONS_MAX);

    if (len < first + 4)
        return;
    for (unsigned i = 0; i < count; i++) {
        size_t at = first + 4 * (size_t)random_below(random, (uint32_t)((len - first) / 4));

        xdr_patch_u32(&c->x, at, odd_word(random));
    }
    if (random_one_in(random, 8))
        client_compound_set_count(c, odd_word(random));
}

static bool send_slot(struct pipeline *p, uint32_t slot, uint32_t *xids, pipeline_fill fill)
{
    struct client_session *session = &p->mount.session;
    struct client_compound c;
    bool sent;

    client_compound_begin_slot(&c, session, slot, random_one_in(&p->me->random, 2));
    fill(p, &c);
    if (p->mutates && !random_one_in(&p->me->random, 4))
        pipeline_mutate(p, &c);
    session->slots[slot].seqid++;
    sent = client_compound_send(&p->mount.conn, &c, &xids[slot]) == CLIENT_OK;
    client_compound_free(&c);
    return sent;
}

/* Returns the slot of the reply; false when the connection, session or sequence has become
 * useless. */
static bool take(struct pipeline *p, const struct client_record *record, const uint32_t *xids,
                 unsigned slots, uint32_t *slot)
{
    uint32_t words[REPLY_WORDS] = {0};

    if (record->len < sizeof(words))
        return false;
    memcpy(words, record->data, sizeof(words));
    for (*slot = 0; *slot < slots && xids[*slot] != ntohl(words[0]);)
        ++*slot;
    attacker_note(p->me, ntohl(words[6]));
    switch (ntohl(words[6])) {
    case NFS4ERR_BADSESSION:
    case NFS4ERR_DEADSESSION:
    case NFS4ERR_SEQ_MISORDERED:
    case NFS4ERR_BADSLOT:
    case NFS4ERR_RETRY_UNCACHED_REP:
    case NFS4ERR_BADXDR:
        return *slot < slots && (p->mutates && ntohl(words[6]) == NFS4ERR_BADXDR);
    default:
        return *slot < slots;
    }
}

void pipeline_run(struct pipeline *p, unsigned slots, pipeline_fill fill)
{
    static uint32_t xids[SLOTS_MAX];
    struct client_record *record;
    bool alive = true;

    if (slots > p->mount.session.slot_count)
        slots = p->mount.session.slot_count;
    for (uint32_t slot = 0; slot < slots && alive; slot++)
        alive = send_slot(p, slot, xids, fill);
    while (alive && !attacker_is_over(p->me)) {
        uint32_t slot = 0;

        if (client_conn_receive_record(&p->mount.conn, &record) != CLIENT_OK)
            break;
        alive = take(p, record, xids, slots, &slot) && send_slot(p, slot, xids, fill);
        free(record);
    }
    attacker_drop(&p->mount);
}

static bool open_file(struct pipeline *p, const char *name)
{
    struct client_file file;
    enum nfsstat4 status = client_file_open(
        &p->mount, &p->dir,
        &(struct client_open){.owner = "storm",
                              .access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                              .name = name,
                              .create = true,
                              .how = UNCHECKED4,
                              .mode = 0666},
        &file);

    attacker_note(p->me, status);
    p->file = file.fh;
    p->stateid = file.stateid;
    return status == NFS4_OK;
}

void pipeline_attack(struct attacker *me, const char *export, const char *name, const char *open,
                     unsigned slots, pipeline_fill fill)
{
    static struct pipeline p;
    uint32_t minor = 1 + random_below(&me->random, 2);

    p.me = me;
    if (!attacker_mount(me, minor, &p.mount, NULL))
        return;
    if (attacker_dir(me, &p.mount, export, name, &p.dir) && (!open || open_file(&p, open)))
        pipeline_run(&p, slots, fill);
    else
        attacker_drop(&p.mount);
}
