/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the admin endpoint parses by itself: files of tokens, paths, hosts, Authorization fields.
 * The first byte says which.
 */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http/http_origin.h"
#include "admin/http/http_route.h"
#include "admin/http/http_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_route routes[] = {
    {"GET", "/metrics", HTTP_READ, NULL},
    {"GET", "/api/{a}/x/{b}", HTTP_READ, NULL},
    {"PATCH", "/api/{a}", HTTP_WRITE, NULL},
    {"GET", "/{a}/{b}/{c}/{d}", HTTP_READ, NULL},
};

static void check_path(const char *path)
{
    const struct http_route *found = NULL;
    char allow[HTTP_ALLOW_BYTES];
    struct http_args args;

    if (http_route_match(routes, ARRAY_SIZE(routes), "GET", path, &found, &args, allow) ==
        HTTP_MATCH_FOUND) {
        CHECK(found && args.count <= HTTP_ARGS);
        for (unsigned i = 0; i < args.count; i++)
            CHECK(strlen(args.of[i]) > 0 && strlen(args.of[i]) < HTTP_ARG_BYTES);
    }
    CHECK(strlen(allow) < sizeof(allow));
}

static void check_tokens(const char *text, size_t len)
{
    struct http_tokens tokens;
    char error[256] = "";

    if (http_tokens_parse(&tokens, text, len, error, sizeof(error)))
        CHECK(tokens.count > 0 && tokens.count <= LIMIT_ADMIN_TOKENS);
    else
        CHECK(error[0] != '\0');
}

static void check_authorization(const char *text)
{
    static const char file[] = "full abcdefghijklmnopqrstuvwxyz\n";
    enum http_access access = HTTP_READ;
    struct http_tokens tokens;
    char error[256];

    CHECK(http_tokens_parse(&tokens, file, sizeof(file) - 1, error, sizeof(error)));
    if (http_tokens_check(&tokens, text, &access) == HTTP_TOKEN_KNOWN)
        CHECK(strcmp(strrchr(text, ' '), " abcdefghijklmnopqrstuvwxyz") == 0 &&
              access == HTTP_WRITE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    CHECK(sodium_init() >= 0);
    if (size == 0)
        return 0;
    text = malloc(size);
    CHECK(text);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (data[0] % 4) {
    case 0:
        check_path(text);
        break;
    case 1:
        check_tokens(text, size - 1);
        break;
    case 2:
        check_authorization(text);
        break;
    default:
        if (http_host_is_numeric(text))
            CHECK(strlen(text) < 64);
    }
    free(text);
    return 0;
}
