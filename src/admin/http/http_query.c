/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_query.h"

#include <stdio.h>
#include <string.h>

#include "admin/http/http_request.h"

enum {
    SHOWN_BYTES = 40 /* of a name, in a message */
};

/* Only the first fault is told. */
static void set_wrong(struct http_query *query, const char *format, const char *name)
{
    if (query->wrong[0] == '\0')
        (void)snprintf(query->wrong, sizeof(query->wrong), format, SHOWN_BYTES, name);
}

/* NULL: it is malformed, or there is no room. */
static const char *text_add(struct http_query *query, const char *encoded)
{
    char *text = query->text + query->used;

    if (!http_segment_decode(encoded, strlen(encoded), text, sizeof(query->text) - query->used))
        return NULL;
    query->used += strlen(text) + 1;
    return text;
}

void http_query_add(struct http_query *query, const char *name, const char *value)
{
    struct http_parameter parameter;

    if (query->count == HTTP_QUERY_PARAMETERS) {
        set_wrong(query, "too many parameters, from '%.*s' on", name);
        return;
    }
    parameter.name = text_add(query, name);
    parameter.value = parameter.name ? text_add(query, value ? value : "") : NULL;
    if (!parameter.value)
        set_wrong(query, "parameter '%.*s' is too long or not percent-encoded correctly", name);
    else
        query->of[query->count++] = parameter;
}

const char *http_query(const struct http_request *request, const char *name)
{
    for (unsigned i = 0; i < request->query.count; i++) {
        if (strcmp(request->query.of[i].name, name) == 0)
            return request->query.of[i].value;
    }
    return NULL;
}

static bool is_known(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* "limit, after"; "" for none. */
static void names_join(const char *const *names, size_t count, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", names[i]);
}

static bool refuse_unknown(struct http_request *request, const char *name, const char *const *names,
                           size_t count)
{
    char detail[256], known[128];

    names_join(names, count, known, sizeof(known));
    (void)snprintf(detail, sizeof(detail), "there is no parameter '%.*s' here; there %s%s",
                   SHOWN_BYTES, name, count > 0 ? "are: " : "is none", known);
    http_reply_problem(&request->reply, 400, detail, NULL);
    return false;
}

bool http_query_check(struct http_request *request, const char *const *names, size_t count)
{
    const struct http_query *query = &request->query;
    char detail[128];

    if (query->wrong[0] != '\0') {
        http_reply_problem(&request->reply, 400, query->wrong, NULL);
        return false;
    }
    for (unsigned i = 0; i < query->count; i++) {
        const char *name = query->of[i].name;

        if (!is_known(name, names, count))
            return refuse_unknown(request, name, names, count);
        if (http_query(request, name) == query->of[i].value)
            continue;
        (void)snprintf(detail, sizeof(detail), "parameter '%.*s' is given twice", SHOWN_BYTES,
                       name);
        http_reply_problem(&request->reply, 400, detail, NULL);
        return false;
    }
    return true;
}

bool http_query_flag(struct http_request *request, const char *name, bool *value)
{
    const char *text = http_query(request, name);
    char detail[128];

    *value = text && strcmp(text, "true") == 0;
    if (!text || *value || strcmp(text, "false") == 0)
        return true;
    (void)snprintf(detail, sizeof(detail), "%s wants true or false", name);
    http_reply_problem(&request->reply, 400, detail, NULL);
    return false;
}
