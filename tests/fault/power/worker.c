/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <stdio.h>
#include <unistd.h>

bool worker_open(struct worker *me, unsigned number, const char *target, bool v40, uint64_t seed,
                 const struct worker_tree *tree)
{
    char owner[64];
    enum nfsstat4 status;

    *me = (struct worker){.number = number, .tree = tree, .random = random_from(seed, number)};
    (void)snprintf(owner, sizeof(owner), "power %ld %u", (long)getpid(), number);
    if (v40) {
        struct client_id_wish wish = client_id_wish_default(owner);

        status = client_mount_open_v40(&me->mount, target, WORKER_TIMEOUT_MS, NULL, &wish);
    } else {
        struct client_session_wish wish = client_session_wish_default(owner);

        status = client_mount_open(&me->mount, target, WORKER_TIMEOUT_MS, NULL, &wish);
    }
    if (status != NFS4_OK)
        (void)fprintf(stderr, "power_load: %s: %s, %s\n", target, status_name(status),
                      client_status_name(me->mount.trouble));
    return status == NFS4_OK;
}

struct worker_name worker_name_new(struct worker *me, enum nfs_ftype4 type)
{
    return (struct worker_name){
        .dir = random_below(&me->random, WORKER_DIRS), .number = me->next_number++, .type = type};
}

const char *worker_name_text(const struct worker *me, const struct worker_name *name,
                             char text[WORKER_PATH_BYTES])
{
    (void)snprintf(text, WORKER_PATH_BYTES, "w%u.%u", me->number, name->number);
    return text;
}

const char *worker_name_path(const struct worker *me, const struct worker_name *name,
                             char path[WORKER_PATH_BYTES])
{
    (void)snprintf(path, WORKER_PATH_BYTES, "%s/d%u/w%u.%u", me->tree->path, name->dir, me->number,
                   name->number);
    return path;
}

struct worker_name *worker_name_pick(struct worker *me, enum nfs_ftype4 type)
{
    unsigned start = me->name_count ? random_below(&me->random, me->name_count) : 0;

    for (unsigned i = 0; i < me->name_count; i++) {
        struct worker_name *name = &me->names[(start + i) % me->name_count];

        if (type == 0 || name->type == type)
            return name;
    }
    return NULL;
}

void worker_name_add(struct worker *me, const struct worker_name *name)
{
    CHECK(me->name_count < WORKER_NAMES);
    me->names[me->name_count++] = *name;
}

void worker_name_drop(struct worker *me, struct worker_name *name)
{
    *name = me->names[--me->name_count];
}
