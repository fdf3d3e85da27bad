/* SPDX-License-Identifier: Apache-2.0 */
/* The routes and openapi.json have the same paths and methods. */
#include "admin/api/api_routes.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "admin/api/api_openapi.h"
#include "admin/http/http_request.h"
#include "lib/test.h"

static json_t *document;

static int setup(void **state)
{
    (void)state;
    document = json_loadb((const char *)api_openapi_data, api_openapi_data_len,
                          JSON_REJECT_DUPLICATES, NULL);
    return document ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(document);
    return 0;
}

static bool is_method(const char *member)
{
    static const char *const others[] = {"parameters", "summary", "description", "servers"};

    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        if (strcmp(member, others[i]) == 0)
            return false;
    }
    return true;
}

static bool has_route(const char *path, const char *method)
{
    for (size_t i = 0; i < api_route_count; i++) {
        if (strcmp(api_routes[i].pattern, path) == 0 &&
            strcasecmp(api_routes[i].method, method) == 0)
            return true;
    }
    return false;
}

static void routes_are_described(void **state)
{
    json_t *paths = json_object_get(document, "paths");

    (void)state;
    assert_true(api_route_count > 0);
    for (size_t i = 0; i < api_route_count; i++) {
        const struct http_route *route = &api_routes[i];
        char method[16];
        size_t len = strlen(route->method);

        assert_true(len < sizeof(method));
        for (size_t k = 0; k <= len; k++)
            method[k] = (char)tolower((unsigned char)route->method[k]);
        if (!json_object_get(json_object_get(paths, route->pattern), method))
            fail_msg("%s %s is not in openapi.json", route->method, route->pattern);
        if ((strcmp(route->method, "GET") != 0) != ((route->access & HTTP_WRITE) != 0))
            fail_msg("%s %s: GET changes nothing, and all others do", route->method,
                     route->pattern);
    }
}

static void descriptions_have_routes(void **state)
{
    const char *path, *member;
    json_t *item, *operation;

    (void)state;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, member, operation)
        {
            if (is_method(member) && !has_route(path, member))
                fail_msg("openapi.json has %s %s, the table of routes has not", member, path);
        }
    }
}

/* No row hides another. */
static void first_matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        const struct http_route *found = NULL;
        char allow[HTTP_ALLOW_BYTES];
        struct http_args args;

        assert_int_equal(http_route_match(api_routes, api_route_count, api_routes[i].method,
                                          api_routes[i].pattern, &found, &args, allow),
                         HTTP_MATCH_FOUND);
        assert_ptr_equal(found, &api_routes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest group[] = {
        cmocka_unit_test(routes_are_described),
        cmocka_unit_test(descriptions_have_routes),
        cmocka_unit_test(first_matches),
    };

    return test_group_run_fixtures(group, setup, teardown);
}
