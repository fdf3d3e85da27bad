/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the load has sent and what the server has acknowledged, a line each, in a file on the
 * machine that stays up: "WORKER sent ACTION ARGUMENT..." before a request leaves, "WORKER done
 * STATUS" once its reply has arrived. model.py reads it. Any thread.
 */
#pragma once

#include "base/check.h"
#include "wire/nfs4_op.h"

/* Write to the file at `path` from now on. False, with errno, when it cannot be created. */
MUST_USE bool record_open(const char *path);

void record_sent(unsigned worker, const char *format, ...) __attribute__((format(printf, 2, 3)));

void record_done(unsigned worker, enum nfsstat4 status);
