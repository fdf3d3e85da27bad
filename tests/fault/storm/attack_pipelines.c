/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "attack.h"
#include "pipeline.h"

enum {
    FULL = 64,  /* slots of the usual session */
    NAMES = 48, /* that all racing clients share */
    DEPTH = 200,
    LISTED = 1500, /* entries */
    BATCH = 30,    /* operations of one kind in a COMPOUND */
    WRITE_BYTES = 16384,
    FILE_BYTES = 4 << 20,
    LOCK_RANGES = 100,
    MODES = 0777,
};

static const uint8_t zeroes[WRITE_BYTES];
static const uint8_t no_verifier[NFS4_VERIFIER_SIZE];

static struct bitmap4 many_bits(void)
{
    return CLIENT_BITS(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_FSID, FATTR4_ACL,
                       FATTR4_FILEID, FATTR4_MODE, FATTR4_OWNER, FATTR4_OWNER_GROUP,
                       FATTR4_SPACE_FREE, FATTR4_SPACE_USED, FATTR4_TIME_MODIFY,
                       FATTR4_MOUNTED_ON_FILEID);
}

/* ---- long COMPOUNDs ---- */

static void fill_climb(struct pipeline *p, struct client_compound *c)
{
    client_op_putfh(c, &p->file);
    for (unsigned i = 0; i < 2 * BATCH; i++)
        client_op(c, OP_LOOKUPP);
}

static bool make_deep(struct pipeline *p)
{
    enum nfsstat4 status = NFS4_OK;

    p->file = p->dir;
    for (unsigned i = 0; i < DEPTH && (status == NFS4_OK || status == NFS4ERR_DELAY); i++) {
        struct client_fh next;

        status = client_file_mkdir(&p->mount, &p->file, "d", &next);
        if (status == NFS4ERR_EXIST)
            status = client_file_lookup_at(&p->mount, &p->file, "d", &next);
        if (status == NFS4_OK)
            p->file = next;
        attacker_note(p->me, status);
    }
    return p->mount.trouble == CLIENT_OK;
}

static void climb(struct attacker *me)
{
    static struct pipeline p;

    p.me = me;
    if (!attacker_mount(me, 1, &p.mount, NULL))
        return;
    if (attacker_dir(me, &p.mount, "/attack", "deep", &p.dir) && make_deep(&p))
        pipeline_run(&p, FULL, fill_climb);
    else
        attacker_drop(&p.mount);
}

static void fill_attributes(struct pipeline *p, struct client_compound *c)
{
    client_op_putfh(c, &p->file);
    for (unsigned i = 0; i < 2 * BATCH; i++)
        client_op_getattr(c, many_bits());
}

static void attributes(struct attacker *me)
{
    pipeline_attack(me, random_one_in(&me->random, 2) ? "/attack" : "/mem", "attributes", "file",
                    FULL, fill_attributes);
}

/* The clients that list the directory also fill it. */
static void fill_list(struct pipeline *p, struct client_compound *c)
{
    char name[64];

    client_op_putfh(c, &p->dir);
    if (random_one_in(&p->me->random, 8)) {
        client_op_create(c, attacker_name(p->me, "an entry to be listed ", LISTED, name), NF4DIR,
                         NULL, MODES);
        return;
    }
    for (unsigned i = 0; i < 3; i++)
        client_op_readdir(c, 0, no_verifier, 256 << 10, many_bits());
}

static void list(struct attacker *me)
{
    pipeline_attack(me, random_one_in(&me->random, 2) ? "/attack" : "/mem", "list", NULL, 16,
                    fill_list);
}

/* ---- data ---- */

static void fill_writes(struct pipeline *p, struct client_compound *c)
{
    struct random *random = &p->me->random;
    enum stable_how4 stable = random_below(random, 3);

    client_op_putfh(c, &p->file);
    for (unsigned i = random_below(random, 4); i > 0; i--)
        client_op_write(c, &p->stateid, random_below(random, FILE_BYTES), stable, zeroes,
                        1 + random_below(random, WRITE_BYTES - 1));
    if (random_one_in(random, 2))
        client_op_read(c, &p->stateid, random_below(random, FILE_BYTES), 1 << 20);
    client_op_commit(c, 0, 0);
}

static void writes(struct attacker *me)
{
    char name[64];

    pipeline_attack(me, random_one_in(&me->random, 2) ? "/attack" : "/mem", "data",
                    attacker_name(me, "data", 4, name), 16, fill_writes);
}

/* COMMITs what another client writes, by a client that may only read there. */
static void fill_commits(struct pipeline *p, struct client_compound *c)
{
    client_op_putfh(c, &p->file);
    for (unsigned i = 0; i < BATCH; i++)
        client_op_commit(c, 0, 0);
}

static void commits(struct attacker *me)
{
    pipeline_attack(me, "/attack", "data", "data0", FULL, fill_commits);
}

/* Reads and lists what the victim builds, through an export that allows that to all. */
static void fill_peek(struct pipeline *p, struct client_compound *c)
{
    static const char *const names[] = {"probe",  "build",   "tree",     "lib",       "include",
                                        "main.c", "program", "Makefile", "libparts.a"};
    struct random *random = &p->me->random;

    client_op_putfh(c, &p->dir);
    client_op_readdir(c, 0, no_verifier, 32 << 10, many_bits());
    for (unsigned i = random_below(random, 4); i > 0; i--)
        client_op_lookup(c, names[random_below(random, ARRAY_SIZE(names))]);
    client_op_getattr(c, many_bits());
    if (random_one_in(random, 2))
        client_op_readdir(c, 0, no_verifier, 32 << 10, many_bits());
    else
        client_op_read(c, &client_stateid_anonymous, 0, 1 << 20);
    client_op_commit(c, 0, 0);
}

static void peek(struct attacker *me)
{
    static struct pipeline p;

    p.me = me;
    if (!attacker_mount(me, 1, &p.mount, NULL))
        return;
    if (client_file_lookup(&p.mount, "/peek", &p.dir) == NFS4_OK)
        pipeline_run(&p, 8, fill_peek);
    else
        attacker_drop(&p.mount);
}

/* ---- names ---- */

static void fill_names(struct pipeline *p, struct client_compound *c)
{
    struct random *random = &p->me->random;
    char name[64], other[64];

    (void)attacker_name(p->me, "n", NAMES, name);
    (void)attacker_name(p->me, "n", NAMES, other);
    client_op_putfh(c, &p->dir);
    if (random_one_in(random, 3))
        client_op_lookup(c, attacker_name(p->me, "n", NAMES, (char[64]){0}));
    switch (random_below(random, 8)) {
    case 0:
        client_op_create(c, name, NF4DIR, NULL, MODES);
        return;
    case 1:
        client_op_create(c, name, NF4LNK, other, MODES);
        return;
    case 2:
        client_op_remove(c, name);
        return;
    case 3:
        client_op_lookup(c, name);
        client_op(c, OP_SAVEFH);
        client_op_putfh(c, &p->dir);
        client_op_link(c, other);
        return;
    case 4:
        client_op_open(c, &(struct client_open){.clientid = p->mount.session.clientid,
                                                .owner = "names",
                                                .access = OPEN4_SHARE_ACCESS_BOTH,
                                                .name = name,
                                                .create = true,
                                                .how = random_below(random, 2),
                                                .mode = MODES});
        client_op_close(c, &client_stateid_current);
        return;
    default:
        client_op(c, OP_SAVEFH);
        if (random_one_in(random, 2))
            client_op_putfh(c, &p->dir);
        client_op_rename(c, name, other);
        return;
    }
}

static void names(struct attacker *me)
{
    pipeline_attack(me, random_one_in(&me->random, 2) ? "/attack" : "/mem", "names", NULL, 32,
                    fill_names);
}

/* Files that stay open after their names are removed. */
static void fill_orphans(struct pipeline *p, struct client_compound *c)
{
    char name[64];

    client_op_putfh(c, &p->dir);
    client_op_open(c, &(struct client_open){.clientid = p->mount.session.clientid,
                                            .owner = "orphans",
                                            .access = OPEN4_SHARE_ACCESS_BOTH,
                                            .name = attacker_new_name(p->me, name),
                                            .create = true,
                                            .mode = MODES});
    client_op_putfh(c, &p->dir);
    client_op_remove(c, name);
}

static void orphans(struct attacker *me)
{
    pipeline_attack(me, "/attack", "orphans", NULL, 16, fill_orphans);
}

/* In the file system that the driver makes hang. */
static void fill_freeze(struct pipeline *p, struct client_compound *c)
{
    char name[64];

    client_op_putfh(c, &p->dir);
    client_op_create(c, attacker_name(p->me, "frozen", 4096, name), NF4DIR, NULL, MODES);
}

static void freeze(struct attacker *me)
{
    static struct pipeline p;

    p.me = me;
    if (!attacker_mount(me, 1, &p.mount, NULL))
        return;
    if (client_file_lookup(&p.mount, "/slow", &p.dir) == NFS4_OK)
        pipeline_run(&p, FULL, fill_freeze);
    else
        attacker_drop(&p.mount);
}

/* ---- state ---- */

static void fill_opens(struct pipeline *p, struct client_compound *c)
{
    char owner[64];

    client_op_putfh(c, &p->file);
    for (unsigned i = 0; i < BATCH; i++)
        client_op_open(c, &(struct client_open){.clientid = p->mount.session.clientid,
                                                .owner = attacker_new_name(p->me, owner),
                                                .access = OPEN4_SHARE_ACCESS_READ});
}

static void opens(struct attacker *me)
{
    pipeline_attack(me, random_one_in(&me->random, 2) ? "/attack" : "/mem", "opens", "popular", 8,
                    fill_opens);
}

/* An endless number of open files, on another export of the directory. */
static void fill_files(struct pipeline *p, struct client_compound *c)
{
    char name[64];

    client_op_putfh(c, &p->dir);
    client_op_open(c, &(struct client_open){.clientid = p->mount.session.clientid,
                                            .owner = "files",
                                            .access = OPEN4_SHARE_ACCESS_BOTH,
                                            .name = attacker_name(p->me, "file", 20000, name),
                                            .create = true,
                                            .mode = MODES});
    client_op_write(c, &client_stateid_current, 0, UNSTABLE4, zeroes, 16);
}

static void files(struct attacker *me)
{
    pipeline_attack(me, random_one_in(&me->random, 2) ? "/attack" : "/again", "files", NULL, 32,
                    fill_files);
}

static void fill_locks(struct pipeline *p, struct client_compound *c)
{
    struct random *random = &p->me->random;
    char owner[64];
    enum nfs_lock_type4 type = READ_LT + random_below(random, 4);

    client_op_putfh(c, &p->file);
    for (unsigned i = 0; i < 8; i++) {
        bool wide = random_one_in(random, 4);

        client_op_lock_new(c, &p->stateid, p->mount.session.clientid,
                           random_one_in(random, 2) ? attacker_new_name(p->me, owner)
                                                    : attacker_name(p->me, "l", 16, owner),
                           type, random_below(random, wide ? LOCK_RANGES : 1u << 30),
                           wide ? 1 + random_below(random, 64) : 1);
    }
}

/* One file for all clients, so that there are conflicts and waiters. */
static void locks(struct attacker *me)
{
    pipeline_attack(me, random_one_in(&me->random, 2) ? "/attack" : "/again", "locks", "locked", 16,
                    fill_locks);
}

/* ---- malformed input ---- */

static void fill_nonsense(struct pipeline *p, struct client_compound *c)
{
    static const pipeline_fill fills[] = {fill_attributes, fill_list,  fill_writes, fill_names,
                                          fill_orphans,    fill_opens, fill_files,  fill_locks};
    uint32_t words[40];

    if (!random_one_in(&p->me->random, 3)) {
        fills[random_below(&p->me->random, ARRAY_SIZE(fills))](p, c);
        return;
    }
    client_op_putfh(c, random_one_in(&p->me->random, 2) ? &p->dir : &p->file);
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        words[i] = random_one_in(&p->me->random, 3) ? (uint32_t)random_next(&p->me->random)
                                                    : random_below(&p->me->random, 4);
    words[0] = OP_ACCESS + random_below(&p->me->random, OP_CLONE - OP_ACCESS + 2);
    client_compound_add_words(c, words, 1 + random_below(&p->me->random, ARRAY_SIZE(words) - 1));
}

static void nonsense(struct attacker *me)
{
    static const char *const exports[] = {"/attack", "/mem", "/again"};
    static struct pipeline p;

    p.me = me;
    p.mutates = true;
    if (!attacker_mount(me, 1 + random_below(&me->random, 2), &p.mount, NULL))
        return;
    if (attacker_dir(me, &p.mount, exports[random_below(&me->random, 3)], "nonsense", &p.dir)) {
        p.file = p.dir;
        pipeline_run(&p, 8, fill_nonsense);
    } else {
        attacker_drop(&p.mount);
    }
}

/* The same without a session: COMPOUNDs of minor version 0. */
static void ancient(struct attacker *me)
{
    static struct pipeline p;
    struct client_record *record;
    struct client_compound c;
    bool alive = true;
    uint32_t xid;

    p.me = me;
    if (!attacker_mount(me, 0, &p.mount, NULL))
        return;
    alive = attacker_dir(me, &p.mount, "/attack", "nonsense", &p.dir);
    p.file = p.dir;
    p.mount.session.clientid = p.mount.id.clientid;
    while (alive && !attacker_is_over(me)) {
        client_compound_begin(&c, client_text("ancient"), 0);
        fill_nonsense(&p, &c);
        if (!random_one_in(&me->random, 3))
            pipeline_mutate(&p, &c);
        alive = client_compound_send(&p.mount.conn, &c, &xid) == CLIENT_OK &&
                client_conn_receive_record(&p.mount.conn, &record) == CLIENT_OK;
        client_compound_free(&c);
        if (alive) {
            me->answered++;
            free(record);
        }
    }
    me->broken += !alive;
    attacker_drop(&p.mount);
}

const struct attack attack_pipelines[] = {
    {"ancient", ancient}, {"climb", climb},       {"attributes", attributes},
    {"list", list},       {"writes", writes},     {"commits", commits},
    {"peek", peek},       {"names", names},       {"orphans", orphans},
    {"freeze", freeze},   {"opens", opens},       {"files", files},
    {"locks", locks},     {"nonsense", nonsense}, {NULL, NULL},
};
