/* SPDX-License-Identifier: Apache-2.0 */
/* The description of the REST interface, openapi.json. */
#pragma once

#include <stddef.h>

struct http_request;

/* The file; cmake/embed.cmake makes it. */
extern const unsigned char api_openapi_data[];
extern const size_t api_openapi_data_len;

/* GET /openapi.json */
void api_openapi_show(struct http_request *request, void *context);
