/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the whole tree with the models of all lanes when all are done: as a new client sees it,
 * and as it is on the disk.
 */
#pragma once

#include "client/client_file.h"
#include "courier.h"

/* Names, types, contents, sizes, link counts, modes, and no other objects. lane_differs() reports
 * differences. */
void tree_compare(struct client_mount *mount, const struct courier *couriers, unsigned count);

/* The same below a directory of this machine. */
void tree_compare_disk(const char *dir, const struct courier *couriers, unsigned count);
