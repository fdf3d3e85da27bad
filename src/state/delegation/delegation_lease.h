/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that local programs use, too: a delegation of one is granted with a lease of the backend
 * (vfs_ops.lease), which reports when a local program conflicts.  Then the delegation is recalled,
 * and the lease is given back when the delegation has ended.
 *
 * The lease is taken before the delegation is in the file, so a lease that breaks in between finds
 * no delegation.  So breaks are counted: an offer reads the count before it takes the lease, and
 * once more when its delegation is there.
 */
#pragma once

#include "state/delegation/delegation.h"

enum delegation_local {
    DELEGATION_LOCAL_NONE,
    DELEGATION_LOCAL_LEASED, /* with a lease only */
    DELEGATION_LOCAL_ALL,    /* the administrator says that no local program changes them */
};

enum delegation_lease {
    DELEGATION_LEASE_NEEDLESS,
    DELEGATION_LEASE_TAKEN,
    DELEGATION_LEASE_BUSY, /* not now */
    DELEGATION_LEASE_NONE, /* the file is not to be delegated */
};

/* With no lock held. */
enum delegation_lease delegation_lease_take(struct state *state, struct vfs_object *obj,
                                            enum delegation_kind kind);

/* Give back the leases of a delegation that has ended or was never granted; by the thread that
 * ended it, without a lock. */
void delegation_lease_drop(struct delegation *delegation);

/* How many have broken. */
uint64_t delegation_lease_breaks(const struct state *state);

/* For which of these files delegations are given: a setting, any time; DELEGATION_LOCAL_LEASED at
 * first. */
void delegation_allow_local(struct state *state, enum delegation_local which);
