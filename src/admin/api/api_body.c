/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_body.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "admin/http/http_request.h"

enum {
    SHOWN_BYTES = 40 /* of a name, in a message */
};

/* Without the field it is taken for JSON.  Parameters, such as the charset, are ignored: JSON is
 * UTF-8 (RFC 8259 §8.1). */
static bool is_json(const char *type)
{
    static const char *const types[] = {"application/json", "application/merge-patch+json"};
    size_t len = type ? strcspn(type, "; \t") : 0;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (len == strlen(types[i]) && strncasecmp(type, types[i], len) == 0)
            return true;
    }
    return !type;
}

static json_t *body_parse(struct http_request *request)
{
    json_error_t error;
    char detail[256];
    json_t *body;

    if (!is_json(request->content_type)) {
        http_reply_problem(&request->reply, 415,
                           "the body must be JSON: send Content-Type: application/json", NULL);
        return NULL;
    }
    if (request->body_len == 0) {
        http_reply_problem(&request->reply, 400, "the body is empty; expected a JSON object", NULL);
        return NULL;
    }
    body = json_loadb(request->body, request->body_len, JSON_REJECT_DUPLICATES, &error);
    if (!body) {
        (void)snprintf(detail, sizeof(detail), "body, line %d column %d: %s", error.line,
                       error.column, error.text);
        http_reply_problem(&request->reply, 400, detail, NULL);
    }
    return body;
}

static bool is_known(const char *name, const char *const *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, members[i]) == 0)
            return true;
    }
    return false;
}

/* A member that it should not have; NULL: none. */
static const char *unknown_member(json_t *body, const char *const *members, size_t count)
{
    const char *name;
    json_t *value;

    json_object_foreach(body, name, value)
    {
        if (!is_known(name, members, count))
            return name;
    }
    return NULL;
}

static void refuse_member(struct http_request *request, const char *name,
                          const char *const *members, size_t count)
{
    char detail[384];
    size_t used;

    used =
        (size_t)snprintf(detail, sizeof(detail), "body: there is no member '%.*s' here; there %s",
                         SHOWN_BYTES, name, count > 0 ? "are: " : "is none");
    for (size_t i = 0; i < count && used < sizeof(detail); i++)
        used += (size_t)snprintf(detail + used, sizeof(detail) - used, "%s%s", i > 0 ? ", " : "",
                                 members[i]);
    http_reply_problem(&request->reply, 422, detail, NULL);
}

json_t *api_body_object(struct http_request *request, const char *const *members, size_t count)
{
    json_t *body = body_parse(request);
    const char *unknown = NULL;

    if (!body)
        return NULL;
    if (members)
        unknown = unknown_member(body, members, count);
    if (json_is_object(body) && !unknown)
        return body;
    if (unknown)
        refuse_member(request, unknown, members, count);
    else
        http_reply_problem(&request->reply, 422, "body: expected a JSON object, not an array",
                           NULL);
    json_decref(body);
    return NULL;
}

bool api_body_none(struct http_request *request)
{
    static const char *const none[] = {NULL};
    json_t *body = NULL;
    bool good = request->body_len == 0;

    if (!good) {
        body = api_body_object(request, none, 0);
        good = body != NULL;
    }
    json_decref(body);
    return good;
}
