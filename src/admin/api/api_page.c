/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_page.h"

#include <stdio.h>
#include <string.h>

#include "admin/http/http_request.h"
#include "base/limits.h"

/* Decimal digits, not too many to overflow.  False: it is no number from 1 to `most`. */
static bool number_parse(const char *text, uint32_t most, uint32_t *number)
{
    size_t len = strlen(text);

    *number = 0;
    if (len == 0 || len > 9 || strspn(text, "0123456789") != len)
        return false;
    for (; *text != '\0'; text++)
        *number = *number * 10 + (uint32_t)(*text - '0');
    return *number >= 1 && *number <= most;
}

bool api_page_read(struct http_request *request, struct api_page *page)
{
    const char *limit = http_query(request, "limit"), *after = http_query(request, "after");
    char detail[80];

    *page = (struct api_page){.limit = LIMIT_ADMIN_PAGE_USUAL};
    if (limit && !number_parse(limit, LIMIT_ADMIN_PAGE, &page->limit)) {
        (void)snprintf(detail, sizeof(detail), "parameter 'limit' wants a number from 1 to %u",
                       LIMIT_ADMIN_PAGE);
        http_reply_problem(&request->reply, 400, detail, NULL);
        return false;
    }
    if (after && strlen(after) >= sizeof(page->after)) {
        api_page_refuse(request);
        return false;
    }
    if (after)
        memcpy(page->after, after, strlen(after));
    return true;
}

void api_page_refuse(struct http_request *request)
{
    http_reply_problem(&request->reply, 400,
                       "parameter 'after' wants what 'next' of a page before said", NULL);
}

void api_page_reply(struct http_request *request, json_t *items, const char *next)
{
    json_t *page = json_pack("{s:o}", "items", items);

    if (page && next && *next != '\0')
        (void)json_object_set_new(page, "next", json_string(next));
    http_reply_json(&request->reply, page);
}
