/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that local programs use, too.  A delegation of such a file is granted with a lease of the
 * backend (vfs_ops.lease), which reports when a local program conflicts.  Then the delegation is
 * recalled, and the lease is given back when the delegation has ended.
 *
 * The lease is taken before the delegation is added to the file, so a break in between would find
 * no delegation.  Therefore breaks are counted: an offer reads the count before it takes the lease,
 * and again when its delegation has been added.
 */
#pragma once

#include "state/delegation/delegation.h"

enum delegation_local {
    DELEGATION_LOCAL_NONE,
    DELEGATION_LOCAL_LEASED, /* with a lease only */
    DELEGATION_LOCAL_ALL,    /* according to the administrator, no local program changes the
                              * files */
};

enum delegation_lease {
    DELEGATION_LEASE_NEEDLESS,
    DELEGATION_LEASE_TAKEN,
    DELEGATION_LEASE_BUSY, /* not now */
    DELEGATION_LEASE_NONE, /* the file can't be delegated */
};

/* Without locks. */
enum delegation_lease delegation_lease_take(struct state *state, struct vfs_object *obj,
                                            enum delegation_kind kind);

/* Give back the leases of a delegation that has ended or was never granted; by the thread that
 * ended it, without locks. */
void delegation_lease_drop(struct delegation *delegation);

/* The number of lease breaks. */
uint64_t delegation_lease_breaks(const struct state *state);

/* For which of these files delegations are granted; a setting, at any time.  Default:
 * DELEGATION_LOCAL_LEASED. */
void delegation_allow_local(struct state *state, enum delegation_local which);
