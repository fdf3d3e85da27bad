/* SPDX-License-Identifier: Apache-2.0 */
/* CB_OFFLOAD (RFC 7862 §16.1): tells a client that its copy has ended. */
#pragma once

#include "proto/copies/copy_queue.h"

/* After copy_queue_end() or copy_queue_due().  Until the client replies, it is told again;
 * NFS4ERR_DELAY is no reply.  Does not block. */
void copy_notice_send(struct copy *copy);
