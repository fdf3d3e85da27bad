/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/proto/copies/copy_fixture.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"
#include "lib/test.h"
#include "proto/copies/copy_notice.h"

struct copy_queue queue;
struct client alice, bob;
enum copy_turn (*copy_turn_hook)(struct copy *copy, enum nfsstat4 *status);

static struct stateid_table *table;
static _Atomic uint32_t settled, freed;
static uint32_t made;

/* In place of what copies bytes and calls clients. */
enum copy_turn copy_take_turn(struct copy *copy, enum nfsstat4 *status)
{
    if (copy_turn_hook)
        return copy_turn_hook(copy, status);
    *status = NFS4_OK;
    return COPY_TURN_OVER;
}

void copy_settle(struct copy *copy)
{
    (void)copy;
    settled++;
}

void copy_notice_send(struct copy *copy)
{
    copy_queue_told(copy->queue, copy, COPY_KNOWN);
}

uint32_t copies_settled(void)
{
    return settled;
}

uint32_t copies_freed(void)
{
    return freed;
}

static void release(struct stateid *sid)
{
    freed++;
    free(copy_of_stateid(sid));
}

int copy_set_up(void **unused)
{
    (void)unused;
    alice = (struct client){.id = 1};
    bob = (struct client){.id = 2};
    settled = freed = made = 0;
    copy_turn_hook = NULL;
    table = stateid_table_create(1);
    copy_queue_init(&queue);
    return 0;
}

int copy_tear_down(void **unused)
{
    (void)unused;
    assert_true(copy_queue_stop(&queue));
    copy_queue_fini(&queue);
    assert_int_equal(freed, made);
    stateid_table_destroy(table);
    return 0;
}

struct copy *copy_of(struct client *client, char from, char to)
{
    static char volumes[256];
    struct copy *copy = must_calloc(1, sizeof(*copy));

    assert_true(stateid_insert(table, &copy->stateid, STATEID_COPY, client, made, release));
    made++;
    copy->queue = &queue;
    copy->phase = COPY_GONE;
    copy->from_volume = (const struct vfs_volume *)&volumes[(uint8_t)from];
    copy->to_volume = (const struct vfs_volume *)&volumes[(uint8_t)to];
    list_init(&copy->owner_link);
    list_init(&copy->ended_link);
    return copy;
}

struct copy *copy_added(struct client *client, char from, char to)
{
    struct copy *copy = copy_of(client, from, to);

    assert_true(copy_queue_add(&queue, copy));
    return copy;
}
