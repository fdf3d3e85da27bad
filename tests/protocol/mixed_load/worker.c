/* SPDX-License-Identifier: Apache-2.0 */
/* An item belongs to a worker from the server's grant until the worker sends the request that
 * releases it. */
#include "worker.h"

#include <stdio.h>

enum {
    REOPEN_ONE_IN = 8,
    RECORDS_MAX = 200
};

static uint32_t mark_of(const struct worker *me)
{
    return me->actor.number + 1;
}

static void take(struct worker *me, const char *what, _Atomic uint32_t *owner)
{
    uint32_t before = atomic_exchange(owner, mark_of(me));

    if (before != 0)
        actor_differs(&me->actor, "%s is actor %u's already", what, before - 1);
}

static void give(struct worker *me, const char *what, _Atomic uint32_t *owner)
{
    uint32_t before = atomic_exchange(owner, 0);

    if (before != mark_of(me))
        actor_differs(&me->actor, "%s was taken by %d", what, (int)before - 1);
}

uint64_t worker_record(unsigned actor, uint32_t number)
{
    return (uint64_t)(actor + 1) << 32 | number;
}

static void file_name(unsigned number, char name[16])
{
    (void)snprintf(name, 16, "file %u", number);
}

void worker_begin(struct worker *me)
{
    struct actor *actor = &me->actor;
    struct load *load = actor->load;
    char name[16];

    file_name(actor->number, name);
    actor_got(actor, "OPEN of its file",
              actor_open(actor, &load->data, name, OPEN4_SHARE_DENY_WRITE, &me->own), NFS4_OK);
    actor_got(actor, "OPEN of the ranges",
              actor_open(actor, &load->data, "ranges", OPEN4_SHARE_DENY_NONE, &me->ranges),
              NFS4_OK);
    (void)snprintf(name, sizeof(name), "home %u", actor->number);
    actor_got(actor, "CREATE of its directory",
              actor_patiently(client_file_mkdir(actor->mount, &load->names, name, &me->home)),
              NFS4_OK);
}

/* Increment a number in the file that only the owner of the lock may change. */
static void count(struct worker *me)
{
    struct actor *actor = &me->actor;
    struct load *load = actor->load;
    uint32_t range = random_below(&actor->random, LOAD_RANGES);
    uint64_t offset = (uint64_t)range * LOAD_RECORD_BYTES, value = 0;

    if (random_one_in(&actor->random, REOPEN_ONE_IN)) {
        actor_got(actor, "CLOSE of the ranges", actor_close(actor, &me->ranges), NFS4_OK);
        actor_got(actor, "OPEN of the ranges",
                  actor_open(actor, &load->data, "ranges", OPEN4_SHARE_DENY_NONE, &me->ranges),
                  NFS4_OK);
    }
    if (!actor_got(actor, "LOCK", actor_lock(actor, &me->ranges, offset, LOAD_RECORD_BYTES),
                   NFS4ERR_DENIED))
        return;
    take(me, "a range", &load->range_owner[range]);
    actor_got(actor, "READ", actor_read(actor, &me->ranges, offset, &value, sizeof(value)),
              NFS4_OK);
    if (value != atomic_load(&load->range_count[range]))
        actor_differs(actor, "range %u is %llu, not %u", range, (unsigned long long)value,
                      atomic_load(&load->range_count[range]));
    value++;
    actor_got(actor, "WRITE", actor_write(actor, &me->ranges, offset, &value, sizeof(value)),
              NFS4_OK);
    atomic_fetch_add(&load->range_count[range], 1);
    give(me, "a range", &load->range_owner[range]);
    actor_got(actor, "LOCKU", actor_unlock(actor, &me->ranges), NFS4_OK);
}

/* Use the file that one worker at a time has open exclusively. */
static void be_alone(struct worker *me)
{
    struct actor *actor = &me->actor;
    struct load *load = actor->load;
    uint64_t mine = random_next(&actor->random), there = 0;
    struct place place;

    if (!actor_got(actor, "OPEN that denies",
                   actor_open(actor, &load->data, "alone", OPEN4_SHARE_DENY_BOTH, &place),
                   NFS4ERR_SHARE_DENIED))
        return;
    take(me, "the file", &load->alone_owner);
    actor_got(actor, "WRITE", actor_write(actor, &place, 0, &mine, sizeof(mine)), NFS4_OK);
    actor_got(actor, "READ", actor_read(actor, &place, 0, &there, sizeof(there)), NFS4_OK);
    if (there != mine)
        actor_differs(actor, "somebody else wrote");
    give(me, "the file", &load->alone_owner);
    actor_got(actor, "CLOSE", actor_close(actor, &place), NFS4_OK);
}

/* A name: the worker that created it moves it to its own directory, and removes it. */
static void take_token(struct worker *me)
{
    struct actor *actor = &me->actor;
    struct load *load = actor->load;
    uint32_t token = random_below(&actor->random, LOAD_TOKENS);
    struct client_fh fh;
    char name[16];

    (void)snprintf(name, sizeof(name), "token %u", token);
    if (!actor_got(actor, "CREATE",
                   actor_patiently(client_file_mkdir(actor->mount, &load->names, name, &fh)),
                   NFS4ERR_EXIST))
        return;
    take(me, "a name", &load->token_owner[token]);
    give(me, "a name", &load->token_owner[token]);
    actor_got(actor, "RENAME", actor_rename(actor, &load->names, name, &me->home, "mine"), NFS4_OK);
    actor_got(actor, "REMOVE", actor_patiently(client_file_remove(actor->mount, &me->home, "mine")),
              NFS4_OK);
}

/* The worker has the file open for writing exclusively. */
static void append(struct worker *me)
{
    struct actor *actor = &me->actor;
    _Atomic uint32_t *records = &actor->load->records[actor->number];
    uint32_t number = atomic_load(records);
    uint64_t record = worker_record(actor->number, number);

    if (number >= RECORDS_MAX)
        return;
    actor_got(
        actor, "WRITE to its own",
        actor_write(actor, &me->own, (uint64_t)number * LOAD_RECORD_BYTES, &record, sizeof(record)),
        NFS4_OK);
    atomic_store(records, number + 1);
}

/* All acknowledged WRITEs of any worker are in the files. */
static void look(struct worker *me)
{
    struct actor *actor = &me->actor;
    struct load *load = actor->load;
    unsigned other = random_below(&actor->random, LOAD_ACTORS);
    uint32_t records = atomic_load(&load->records[other]), number;
    struct client_open how = {.owner = "reader", .access = OPEN4_SHARE_ACCESS_READ};
    struct place place = {.has_lock = false};
    uint64_t record = 0;
    char name[16];

    if (records == 0)
        return;
    number = random_below(&actor->random, records);
    file_name(other, name);
    how.name = name;
    if (!actor_got(actor, "OPEN of another's",
                   actor_patiently(client_file_open(actor->mount, &load->data, &how, &place.file)),
                   NFS4_OK))
        return;
    actor_got(
        actor, "READ of another's",
        actor_read(actor, &place, (uint64_t)number * LOAD_RECORD_BYTES, &record, sizeof(record)),
        NFS4_OK);
    if (record != worker_record(other, number))
        actor_differs(actor, "record %u of %u is another one", number, other);
    actor_got(actor, "CLOSE of another's", actor_close(actor, &place), NFS4_OK);
}

void worker_turn(struct worker *me)
{
    static void (*const things[])(struct worker *) = {count,      count,  be_alone,
                                                      take_token, append, look};

    things[random_below(&me->actor.random, sizeof(things) / sizeof(things[0]))](me);
}

void worker_end(struct worker *me)
{
    actor_got(&me->actor, "CLOSE of the ranges", actor_close(&me->actor, &me->ranges), NFS4_OK);
    actor_got(&me->actor, "CLOSE of its file", actor_close(&me->actor, &me->own), NFS4_OK);
}
