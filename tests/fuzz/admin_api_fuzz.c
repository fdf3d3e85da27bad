/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the REST interface parses by itself: queries and their pages, bodies, IDs; and the bytes of
 * clients that it shows.  The first byte says which.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api/api_body.h"
#include "admin/api/api_id.h"
#include "admin/api/api_page.h"
#include "admin/api/api_text.h"
#include "admin/http/http_request.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A refusal is a problem of JSON with its status. */
static void check_refused(const struct http_request *request)
{
    json_t *problem = json_loadb(request->reply.body.data, request->reply.body.len, 0, NULL);

    CHECK(problem && request->reply.status >= 400);
    CHECK(json_integer_value(json_object_get(problem, "status")) == request->reply.status);
    CHECK(json_string_length(json_object_get(problem, "detail")) > 0);
    json_decref(problem);
}

/* "name=value&name", which libmicrohttpd splits in the server. */
static void check_query(char *text, struct http_request *request)
{
    static const char *const names[] = {"limit", "after", "path"};
    struct api_page page;
    char *rest = NULL;

    for (char *part = strtok_r(text, "&", &rest); part; part = strtok_r(NULL, "&", &rest)) {
        char *value = strchr(part, '=');

        if (value)
            *value++ = '\0';
        http_query_add(&request->query, part, value);
    }
    CHECK(request->query.count <= HTTP_QUERY_PARAMETERS);
    if (!http_query_check(request, names, ARRAY_SIZE(names)) || !api_page_read(request, &page)) {
        check_refused(request);
        return;
    }
    CHECK(page.limit >= 1 && page.limit <= LIMIT_ADMIN_PAGE);
    CHECK(strlen(page.after) < sizeof(page.after));
}

static void check_body(const char *text, size_t len, struct http_request *request)
{
    static const char *const members[] = {"path", "force"};
    json_t *body;

    request->body = text;
    request->body_len = len;
    body = api_body_object(request, members, ARRAY_SIZE(members));
    if (body)
        CHECK(json_is_object(body) && json_object_size(body) <= ARRAY_SIZE(members));
    else
        check_refused(request);
    json_decref(body);
}

static void check_id(const char *text)
{
    uint8_t bytes[16];
    char digits[2 * sizeof(bytes) + 1];

    if (!api_id_parse(text, bytes, sizeof(bytes)))
        return;
    api_id_print(bytes, sizeof(bytes), digits);
    CHECK(strcmp(digits, text) == 0);
}

/* Shown text is printable, and no two texts look alike: the escapes lead back. */
static void check_text(const char *bytes, size_t len)
{
    json_t *value = api_text(bytes, len);
    const char *text = json_string_value(value);
    size_t at = 0;

    CHECK(text);
    for (; *text != '\0'; at++) {
        unsigned byte = (uint8_t)*text++;

        CHECK(byte >= 0x20 && byte != 0x7f);
        if (byte == '\\') {
            CHECK(sscanf(text, "x%2x", &byte) == 1);
            text += 3;
        }
        CHECK(at < len && (uint8_t)bytes[at] == byte);
    }
    CHECK(at == len);
    json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_request request;
    char *text;

    if (size == 0)
        return 0;
    text = malloc(size);
    CHECK(text);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    memset(&request, 0, sizeof(request));
    switch (data[0] % 4) {
    case 0:
        check_query(text, &request);
        break;
    case 1:
        check_body(text, size - 1, &request);
        break;
    case 2:
        check_id(text);
        break;
    default:
        check_text(text, size - 1);
    }
    http_text_fini(&request.reply.body);
    free(text);
    return 0;
}
