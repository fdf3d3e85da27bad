/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CB_NOTIFY_LOCK (RFC 8881 §20.11): tells a client that a byte-range lock it waits for is free
 * (state/lock/lock_notice.h).  It is sent once; a client that misses it retries anyway.
 */
#pragma once

#include "state/lock/lock_notice.h"

/* For lock_notice_hook; `context` is the struct callback. */
bool notify_lock_tell(struct lock_notice *notice, void *context);
