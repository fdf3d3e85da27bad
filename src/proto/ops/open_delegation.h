/* SPDX-License-Identifier: Apache-2.0 */
/* The delegation in the results of OPEN and WANT_DELEGATION (RFC 8881 §10.4, §18.16.3): what the
 * client wants, and what it is granted or told instead. */
#pragma once

#include "proto/compound.h"

/* The WANT flags of RFC 8881.  The wanted delegation is a number within their mask. */
#define OPEN_DELEGATION_WANTS                                                                      \
    (OPEN4_SHARE_ACCESS_WANT_DELEG_MASK | OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL |  \
     OPEN4_SHARE_ACCESS_WANT_PUSH_DELEG_WHEN_UNCONTENDED)

struct open_delegation_ask {
    struct vfs_object *obj;
    struct export *export;
    uint32_t access; /* OPEN4_SHARE_ACCESS_*, with the WANT flags */
    bool created;    /* the caller has just created the file */
    /* CLAIM_PREVIOUS: the delegation held before the restart; else NONE. */
    enum open_delegation_type4 reclaim;
};

/* Offer what the client wants, or a suitable default. */
void open_delegation_offer(struct compound *c, const struct open_delegation_ask *ask,
                           struct open_delegation4 *out);

/* Grant no delegation.  A client that asked for one is told why. */
void open_delegation_refuse(uint32_t access, enum why_no_delegation4 why,
                            struct open_delegation4 *out);

/* The stateid of what was granted; NULL: nothing. */
const struct stateid4 *open_delegation_stateid(const struct open_delegation4 *delegation);

/* Does it give its holder all that an open with this access and deny would, against other
 * clients? */
bool open_delegation_covers(const struct open_delegation4 *delegation, uint32_t access,
                            uint32_t deny);
