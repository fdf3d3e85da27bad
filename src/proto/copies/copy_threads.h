/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that copy.  They are started as they are needed, and stay. */
#pragma once

#include "proto/copies/copy_queue.h"

/* copy_queue_add(), with a thread for the copy: a copy that hangs keeps no other one waiting while
 * there are fewer than LIMIT_COPY_THREADS.  False, too, if no thread can be started at all. */
bool copy_threads_add(struct copy_queue *queue, struct copy *copy) MUST_USE;
