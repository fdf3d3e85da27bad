/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_route.h"

#include <stdio.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool http_segment_decode(const char *text, size_t len, char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        int byte = (unsigned char)text[i];

        if (byte == '%') {
            int high = len - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = len - i > 2 ? hex_digit(text[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            byte = high << 4 | low;
            i += 2;
        }
        if (byte == '\0' || used + 1 >= size)
            return false;
        out[used++] = (char)byte;
    }
    if (used >= size)
        return false;
    out[used] = '\0';
    return true;
}

/* One row: its pattern against the path. */
static enum http_match pattern_match(const char *pattern, const char *path, struct http_args *args)
{
    args->count = 0;
    while (*pattern == '/' && *path == '/') {
        size_t want = strcspn(++pattern, "/"), got = strcspn(++path, "/");

        if (want > 0 && *pattern == '{') {
            CHECK(args->count < HTTP_ARGS);
            if (got == 0)
                return HTTP_MATCH_NO_PATH;
            if (!http_segment_decode(path, got, args->of[args->count], HTTP_ARG_BYTES))
                return HTTP_MATCH_MALFORMED;
            args->count++;
        } else if (want != got || memcmp(pattern, path, got) != 0) {
            return HTTP_MATCH_NO_PATH;
        }
        pattern += want;
        path += got;
    }
    return *pattern == '\0' && *path == '\0' ? HTTP_MATCH_FOUND : HTTP_MATCH_NO_PATH;
}

static bool method_matches(const char *route, const char *method)
{
    return strcmp(route, method) == 0 || (strcmp(route, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void allow_add(char allow[HTTP_ALLOW_BYTES], const char *method)
{
    size_t used = strlen(allow);

    (void)snprintf(allow + used, HTTP_ALLOW_BYTES - used, "%s%s%s", used > 0 ? ", " : "", method,
                   strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

enum http_match http_route_match(const struct http_route *routes, size_t count, const char *method,
                                 const char *path, const struct http_route **found,
                                 struct http_args *args, char allow[HTTP_ALLOW_BYTES])
{
    enum http_match result = HTTP_MATCH_NO_PATH;

    allow[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        enum http_match match = pattern_match(routes[i].pattern, path, args);

        if (match == HTTP_MATCH_MALFORMED)
            return match;
        if (match != HTTP_MATCH_FOUND)
            continue;
        if (method_matches(routes[i].method, method)) {
            *found = &routes[i];
            return HTTP_MATCH_FOUND;
        }
        allow_add(allow, routes[i].method);
        result = HTTP_MATCH_NO_METHOD;
    }
    return result;
}
