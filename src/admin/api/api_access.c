/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_access.h"

#include <jansson.h>

#include "admin/http/http_request.h"

void api_access_show(struct http_request *request, void *context)
{
    const char *access = request->access == HTTP_WRITE ? "full" : "read", *by = "token";

    (void)context;
    if (!http_query_check(request, NULL, 0))
        return;
    if (!request->known)
        access = by = "none";
    else if (request->local)
        by = "socket";
    http_reply_json(&request->reply, json_pack("{s:s, s:s}", "access", access, "by", by));
}
