/* SPDX-License-Identifier: Apache-2.0 */
/* The delegations of all clients. */
#pragma once

struct http_request;

/* GET /delegations */
void api_delegations_list(struct http_request *request, void *context);

/* DELETE /delegations/{id}: revoke it (RFC 8881 §8.5, NFS4ERR_ADMIN_REVOKED). */
void api_delegations_revoke(struct http_request *request, void *context);
