/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells clients what changes in the directories that they hold delegations of (CB_NOTIFY, RFC 8881
 * §20.4, §10.9): implements the hooks of state/delegation/delegation_notify.
 *
 *     idle --ready()--> filling --sent--> under way --OK--> filling --nothing left--> idle
 *                                          ^    |
 *                                          |    | DELAY; BAD_STATEID, BADHANDLE
 *                                          +- resting
 *
 * One CB_COMPOUND is under way for each client; what happens meanwhile collects and goes with the
 * next.  It is sent over one session, whose slot makes a repetition harmless if the connection is
 * lost; it does not move to another session, where it might be executed again.
 *
 * Operations before one that failed are done.  What is answered NFS4ERR_DELAY is sent again after a
 * wait (callback_waits.h), with all that follows, CALLBACK_NOTIFY_TRIES times; so is what the
 * client does not know, since the reply that granted the delegation may still be on its way.  After
 * any other error, and if the outcome is unknown, the delegations concerned are recalled
 * (delegation_notify_lost()): nothing is lost silently.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/xdr.h"

struct bitmap4;
struct callback;
struct callback_notify;
struct delegation_notice;

enum {
    CALLBACK_NOTIFY_TRIES = 8,
};

/* Append a fattr4 with those of the attributes `want` of notice->obj that there are and that the
 * holder may see (notice->delegation->watch->cred), as of now: none if the object is gone.
 * CHANGE_DIR_ATTRS: `change` is notice->change, if notice->has_change.  False: it does not fit.
 * Called without locks; it may ask the backend. */
typedef bool callback_notify_attributes(const struct delegation_notice *notice,
                                        const struct bitmap4 *want, struct xdr *out, void *context);

struct callback_notify_hook {
    callback_notify_attributes *attributes;
    void *context;
};

/* Notifications can be subscribed to from now on.  The caller keeps `callback`.  Before the first
 * request. */
struct callback_notify *callback_notify_create(struct callback *callback);

/* Before the first request, too.  Without it no attributes are sent. */
void callback_notify_set_hook(struct callback_notify *notify,
                              const struct callback_notify_hook *hook);

/* Send nothing more.  Before callback_stop().  NULL is allowed. */
void callback_notify_stop(struct callback_notify *notify);

/* When all calls have ended, and before the state is destroyed.  NULL is allowed. */
void callback_notify_destroy(struct callback_notify *notify);

/* Send again what is due.  From a timer, at least about once a second. */
void callback_notify_tick(struct callback_notify *notify, int64_t now_ns);
