/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_revision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http/http_request.h"

enum {
    DETAIL_BYTES = 128,
    REVISION_DIGITS = 19, /* none is longer; these cannot overflow */
};

void api_revision_tag(struct http_request *request, uint64_t revision)
{
    (void)snprintf(request->reply.etag, sizeof(request->reply.etag), "%llu",
                   (unsigned long long)revision);
}

/* The text between the quotes of an entity tag is a revision. */
static bool revision_parse(const char *tag, size_t len, uint64_t *revision)
{
    if (len == 0 || len > REVISION_DIGITS || strspn(tag, "0123456789") != len)
        return false;
    *revision = strtoull(tag, NULL, 10);
    return true;
}

bool api_revision_expected(struct http_request *request, const char *what, uint64_t any,
                           uint64_t *expected)
{
    const char *tag = request->if_match;
    bool weak = tag && strncmp(tag, "W/", 2) == 0;
    char detail[DETAIL_BYTES];
    size_t len;

    *expected = any;
    if (!tag || strcmp(tag, "*") == 0)
        return true;
    tag += weak ? 2 : 0;
    len = *tag == '"' ? strcspn(tag + 1, "\"") : 0;
    if (*tag != '"' || strcmp(tag + 1 + len, "\"") != 0) {
        (void)snprintf(detail, sizeof(detail),
                       "If-Match wants * or one entity tag, as the %s had in ETag", what);
        http_reply_problem(&request->reply, 400, detail, NULL);
        return false;
    }
    if (!weak && revision_parse(tag + 1, len, expected))
        return true;
    (void)snprintf(detail, sizeof(detail), "If-Match names no revision of the %s: read them again",
                   what);
    http_reply_problem(&request->reply, 412, detail, NULL);
    return false;
}
