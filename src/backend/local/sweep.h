/* SPDX-License-Identifier: Apache-2.0 */
/* The export's own thread, which once a second lets go of what nobody uses. */
#pragma once

#include "backend/local/local_internal.h"

/* 0 or an errno. */
int local_sweep_start(struct local_fs *fs);
void local_sweep_stop(struct local_fs *fs);

/* One pass; fs->epoch moves. */
void local_sweep(struct local_fs *fs);
