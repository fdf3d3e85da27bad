/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that copy.  They are started as they are needed, and stay. */
#pragma once

#include "proto/copies/copy_queue.h"

/* Before a copy is added: is there a thread for it?  Any thread, without locks. */
bool copy_threads_ready(struct copy_queue *queue) MUST_USE;
