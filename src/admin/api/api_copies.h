/* SPDX-License-Identifier: Apache-2.0 */
/* Asynchronous copies (RFC 7862 §4), and for a while those that have ended. */
#pragma once

struct http_request;

/* GET /copies, oldest first */
void api_copies_list(struct http_request *request, void *context);

/* DELETE /copies/{id}: its client is told that it failed, NFS4ERR_IO. */
void api_copies_cancel(struct http_request *request, void *context);
