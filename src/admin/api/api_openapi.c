/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_openapi.h"

#include "admin/http/http_request.h"

void api_openapi_show(struct http_request *request, void *context)
{
    (void)context;
    if (!http_query_check(request, NULL, 0))
        return;
    request->reply.content_type = "application/json";
    http_text_add(&request->reply.body, (const char *)api_openapi_data, api_openapi_data_len);
}
