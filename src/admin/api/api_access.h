/* SPDX-License-Identifier: Apache-2.0 */
/* What a client of the REST interface may do.  A handler of its route. */
#pragma once

struct http_request;

/* GET /access */
void api_access_show(struct http_request *request, void *context);
