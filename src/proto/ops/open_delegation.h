/* SPDX-License-Identifier: Apache-2.0 */
/* The delegation in the results of OPEN and WANT_DELEGATION (RFC 8881 §10.4, §18.16.3): what the
 * client wants, and what it gets or is told instead. */
#pragma once

#include "proto/compound.h"

/* The WANT flags of RFC 8881; a delegation wanted is one number in their mask. */
#define OPEN_DELEGATION_WANTS                                                                      \
    (OPEN4_SHARE_ACCESS_WANT_DELEG_MASK | OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL |  \
     OPEN4_SHARE_ACCESS_WANT_PUSH_DELEG_WHEN_UNCONTENDED)

struct open_delegation_ask {
    struct vfs_object *obj;
    struct export *export;
    uint32_t access; /* OPEN4_SHARE_ACCESS_*, with the WANT flags */
    bool created;    /* the caller has just made the file */
    /* CLAIM_PREVIOUS: it had this before the restart; else NONE. */
    enum open_delegation_type4 reclaim;
};

/* Offer what the client wants, or what makes sense if it does not say. */
void open_delegation_offer(struct compound *c, const struct open_delegation_ask *ask,
                           struct open_delegation4 *out);

/* There is none.  Clients that spoke of one are told why. */
void open_delegation_refuse(uint32_t access, enum why_no_delegation4 why,
                            struct open_delegation4 *out);
