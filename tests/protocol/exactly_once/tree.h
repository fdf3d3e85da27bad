/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole tree against the models of all lanes, when nothing moves any more: as a new client sees
 * it, and as it lies on the disk.
 */
#pragma once

#include "client/client_file.h"
#include "courier.h"

/* Names, types, contents, sizes, link counts, modes, and nothing besides.  What differs is said
 * with lane_differs(). */
void tree_compare(struct client_mount *mount, const struct courier *couriers, unsigned count);

/* The same below a directory of this machine. */
void tree_compare_disk(const char *dir, const struct courier *couriers, unsigned count);
