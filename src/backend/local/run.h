/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: data of a file without a hole in between.  lseek() may have to look at all extents or
 * pages of a file until it finds a hole, so an object remembers the run that was found last.
 *
 * Other programs change the file meanwhile, and other threads what is remembered.  So this may take
 * a new hole for data, which then are read as zeros, but it never says that data are a hole.
 */
#pragma once

#include "backend/local/local_internal.h"

/* At least as many blocks as bytes: it may have holes nevertheless, but few. */
bool local_run_dense(const struct stat *st);

/* Until where is all data from `at` on, as far as known?  0: unknown.  `st` is of now. */
uint64_t local_run_end(const struct local_object *obj, const struct stat *st, uint64_t at);

/* lseek() found a hole at `end`, and none from `begin` to there. */
void local_run_keep(struct local_object *obj, const struct stat *st, uint64_t begin, uint64_t end);
