/* SPDX-License-Identifier: Apache-2.0 */
/* The exports, and the configuration file that they may come from. */
#pragma once

struct http_request;

/* GET /exports, GET /exports/{path} */
void api_exports_list(struct http_request *request, void *context);
void api_exports_show(struct http_request *request, void *context);

/* POST /exports, PUT /exports/{path}: the body has the keys that an export has in the configuration
 * file.  DELETE /exports/{path}: of one that is in use only with ?force=true.  They may wait for
 * the disk. */
void api_exports_add(struct http_request *request, void *context);
void api_exports_change(struct http_request *request, void *context);
void api_exports_remove(struct http_request *request, void *context);

/* POST /reload, also with ?force=true */
void api_exports_reload(struct http_request *request, void *context);
