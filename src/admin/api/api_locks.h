/* SPDX-License-Identifier: Apache-2.0 */
/* The byte-range locks of all clients.  An ID is that of a lock state, which may have many. */
#pragma once

struct http_request;

/* GET /locks */
void api_locks_list(struct http_request *request, void *context);

/* DELETE /locks/{id}: revoke the lock state, together with its open (RFC 8881 §8.5,
 * NFS4ERR_ADMIN_REVOKED). */
void api_locks_revoke(struct http_request *request, void *context);
