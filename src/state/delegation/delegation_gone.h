/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows the end of delegations: they end with file.lock held, and are dropped, and their
 * waiters woken, without it.
 */
#pragma once

#include "base/list.h"

struct delegation;

/* What ended while a lock was held. */
struct delegation_gone {
    struct list ended; /* of struct delegation.file_link, a reference each */
    struct list woken; /* of struct delegation_waiter.link */
};

void delegation_gone_init(struct delegation_gone *gone);

/* Without a lock: give back the leases of those that have ended, and the opens of those that were
 * revoked; drop them, and wake the waiters.  Calls the backend. */
void delegation_gone_settle(struct delegation_gone *gone);

/* End the vfs open()s that it has; by the thread that has ended it, without a lock. */
void delegation_vfs_close(struct delegation *delegation);
