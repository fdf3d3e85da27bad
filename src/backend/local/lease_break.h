/* SPDX-License-Identifier: Apache-2.0 */
/* How a lease of the kernel ends: given back, or broken by a process of this machine. */
#pragma once

#include "backend/local/lease.h"

/* With the lock of its object: give the kernel its lease back. */
void local_lease_release_locked(struct local_lease *lease);

/* See what has become of the lease, and tell.  The caller has a reference of the object. */
void local_lease_look(struct local_object *obj);
