/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of a delegated directory that its holders are told (CB_NOTIFY, RFC 8881 §20.4), and the
 * queue of those that a holder has not been told yet.
 *
 * A change is one allocation, whatever the number of holders: the event with its names, and a place
 * for each holder, which is its part of the holder's queue.  The last place that leaves frees it.
 *
 * What a later event makes pointless leaves the queue (coalescing).  The holder may list the
 * directory at any moment, also between two changes that are both still queued; so the last event
 * of each name always stays:
 *
 *     ADD n, REMOVE n                        the ADD goes
 *     REMOVE n, ADD n                        the REMOVE goes, and the ADD tells that it replaced n
 *     ADD n, ADD n (which replaces it)       the first one goes
 *     ADD n or RENAME to n, CHILD_ATTRS n    the CHILD_ATTRS goes, as attributes are read when sent
 *     CHILD_ATTRS n, any of n                the first one goes
 *
 * A RENAME, and an event whose name has a later one, stay.  For a holder that needs the order of
 * entries all of ADD, REMOVE and RENAME stay, since each may be another one's predecessor.
 *
 * No locks here: a queue belongs to its notifier's (delegation_notify.h).
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"
#include "vfs/vfs_change.h"
#include "vfs/vfs_object.h"
#include "wire/nfs4_types.h"

struct delegation_event;

/* A name of an event, and the place of its entry in READDIR. */
struct delegation_event_name {
    const char *data; /* NULL: there is none */
    uint32_t len;
    uint64_t cookie; /* 0: not known */
};

/* In the table of names while no later event has this name. */
struct delegation_place_name {
    struct hnode node;
    struct delegation_place *place; /* NULL: not in the table */
};

/* An event in the queue of one holder. */
struct delegation_place {
    struct delegation_event *event;
    struct delegation_queue *queue;         /* NULL: in none */
    struct list order;                      /* by which events are sent; or queue.resting */
    struct list link;                       /* of queue.places */
    struct delegation_place_name name, old; /* of the event's names */
    bool replaced; /* ADD: the name had an entry, and the event that tells its end has left */
};

/* What happened, once for all holders.  References: the maker, each place that is in a queue, each
 * notice. */
struct delegation_event {
    _Atomic uint32_t refs;
    enum notify_type4 type;  /* CHILD_ATTRS, REMOVE, ADD, RENAME */
    _Atomic uint64_t *total; /* its memory is counted here */
    uint32_t bytes;          /* all of it */
    uint32_t share_bytes;    /* a queue's part */
    uint64_t after;          /* the directory's change attribute after it; 0: not known */
    struct delegation_event_name name, old, replaced, previous;
    bool ordered;               /* cookies are known, and `previous`: without one it is the first */
    struct vfs_handle child;    /* of the entry's object; len 0: not known */
    const struct vfs *child_fs; /* whose handle that is; only compared */
    uint32_t place_count;
    struct delegation_place places[];
};

/* An event with `place_count` places, and one reference.  NULL without memory.  `change` is an ADD,
 * REMOVE, RENAME or CHILD. */
struct delegation_event *delegation_event_create(const struct vfs_change *change,
                                                 uint32_t place_count,
                                                 _Atomic uint64_t *total) MUST_USE;
struct delegation_event *delegation_event_get(struct delegation_event *event);
/* NULL is allowed. */
void delegation_event_put(struct delegation_event *event);

/* The type of a kind of change that has one. */
enum notify_type4 delegation_event_type(enum vfs_change_kind kind);

/* What one holder has not been told. */
struct delegation_queue {
    struct list places;  /* struct delegation_place.link */
    struct htable names; /* struct delegation_place_name: the last event of each name */
    uint64_t seed;       /* of its hash, because clients choose the names */
    struct list resting; /* CHILD_ATTRS that are not due, by delegation_place.order */
    int64_t due_ns;      /* when these are due, if there are any */
    uint32_t count;      /* of events */
    uint32_t bytes;      /* sum of their share_bytes */
    bool ordered;        /* the holder needs the order of entries */
};

void delegation_queue_init(struct delegation_queue *queue);
/* It must be empty. */
void delegation_queue_fini(struct delegation_queue *queue);

/* Queue an event in this place, at the end of `order`; or with due_ns, which only CHILD_ATTRS may
 * have, to rest until then.  Returns how many events were coalesced: those that left, and this one
 * if it did not enter. */
uint32_t delegation_queue_add(struct delegation_queue *queue, struct delegation_place *place,
                              struct list *order, int64_t due_ns);

/* Resting events are due: to the end of `order`. */
void delegation_queue_wake(struct delegation_queue *queue, struct list *order);

/* It leaves the queue; the caller has its reference on the event. */
struct delegation_event *delegation_queue_take(struct delegation_place *place) MUST_USE;

/* All leave, and are dropped. */
void delegation_queue_clear(struct delegation_queue *queue);
