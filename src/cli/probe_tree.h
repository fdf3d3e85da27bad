/* SPDX-License-Identifier: Apache-2.0 */
/* The name space of a server, walked from its root. */
#pragma once

#include "cli/probe.h"

bool probe_tree_walk(struct probe *probe);
void probe_tree_fini(struct probe_tree *tree);
