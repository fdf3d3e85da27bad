/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a kernel lease: given back, or broken by a local process. */
#pragma once

#include "backend/local/lease.h"

/* Give the kernel its lease back.  With the object's lock held. */
void local_lease_release_locked(struct local_lease *lease);

/* Check whether the lease is being broken, and report that.  The caller has a reference on the
 * object. */
void local_lease_look(struct local_object *obj);
