/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a whole. */
#pragma once

struct http_request;

/* GET /server */
void api_server_show(struct http_request *request, void *context);
