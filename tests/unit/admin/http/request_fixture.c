/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/admin/http/request_fixture.h"

#include <string.h>

struct http_request request;

int request_setup(void **state)
{
    (void)state;
    memset(&request, 0, sizeof(request));
    return 0;
}

int request_teardown(void **state)
{
    (void)state;
    http_text_fini(&request.reply.body);
    return 0;
}

void request_set_body(const char *text)
{
    request.body = text;
    request.body_len = strlen(text);
}

void request_set_query(const char *name, const char *value)
{
    memset(&request.query, 0, sizeof(request.query));
    http_query_add(&request.query, name, value);
}

void request_refused(const char *where, unsigned status, const char *words)
{
    const char *problem = request.reply.body.data;

    if (request.reply.status != status || !problem || !strstr(problem, words))
        fail_msg("%s: status %u, not %u, or not '%s': %s", where, request.reply.status, status,
                 words, problem ? problem : "no body");
    http_text_fini(&request.reply.body);
    memset(&request.reply, 0, sizeof(request.reply));
}
