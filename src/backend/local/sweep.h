/* SPDX-License-Identifier: Apache-2.0 */
/* A thread per export that releases unused resources once a second. */
#pragma once

#include "backend/local/local_internal.h"

/* 0 or an errno. */
int local_sweep_start(struct local_fs *fs);
void local_sweep_stop(struct local_fs *fs);

/* One pass; advances fs->epoch. */
void local_sweep(struct local_fs *fs);
