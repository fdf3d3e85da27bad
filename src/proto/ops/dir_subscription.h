/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which changes of a directory a client will be told of (GET_DIR_DELEGATION, RFC 8881 §18.39): what
 * it asks for, as far as it will be sent.
 *
 * A client that asks for NOTIFY4_GFLAG_EXTEND (bit 6 of the draft rfc8881bis) needs neither cookies
 * nor the order of entries, unless it asks for NOTIFY4_CFLAG_ORDER (bit 12) as well.  Any other
 * client is told of additions and renames only where the backend knows the place of a new entry.
 */
#pragma once

#include "proto/compound.h"
#include "state/delegation/delegation_watch.h"

/* What of `args` can be sent about the current directory; no types if nothing can. */
void dir_subscription_choose(const struct compound *c, const struct GET_DIR_DELEGATION4args *args,
                             struct delegation_subscription *out);

/* What has been granted, which is that or nothing. */
void dir_subscription_describe(const struct GET_DIR_DELEGATION4args *args,
                               const struct delegation_subscription *granted,
                               struct GET_DIR_DELEGATION4resok *resok);
