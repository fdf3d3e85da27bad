/* SPDX-License-Identifier: Apache-2.0 */
/* The opens of all clients. */
#pragma once

struct http_request;

/* GET /opens */
void api_opens_list(struct http_request *request, void *context);

/* DELETE /opens/{id}: revoke it (RFC 8881 §8.5, NFS4ERR_ADMIN_REVOKED). */
void api_opens_revoke(struct http_request *request, void *context);
