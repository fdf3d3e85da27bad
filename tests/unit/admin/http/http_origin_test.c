/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests of browsers pass: those of the server's own page, and links to it. */
#include "admin/http/http_origin.h"

#include <string.h>

#include "lib/test.h"

#define OWN "127.0.0.1:9101"

static void wrong_is(const struct http_origin *origin, const char *field)
{
    const char *wrong = http_origin_wrong(origin);

    if (!field) {
        assert_null(wrong);
        return;
    }
    assert_non_null(wrong);
    assert_non_null(strstr(wrong, field));
}

static void origins(void **state)
{
    static const struct {
        const char *origin;
        bool secure, good;
    } cases[] = {
        {"http://127.0.0.1:9101", false, true},
        {"https://127.0.0.1:9101", true, true},
        {"https://127.0.0.1:9101", false, false},
        {"http://127.0.0.1:9101", true, false},
        {"http://127.0.0.1", false, false},
        {"http://127.0.0.1:9102", false, false},
        {"http://127.0.0.1:91011", false, false},
        {"http://127.0.0.1:910", false, false},
        {"http://localhost:9101", false, false},
        {"http://evil.example", false, false},
        {"null", false, false},
        {"", false, false},
        {"http://evil.example/127.0.0.1:9101", false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct http_origin origin = {
            .host = OWN, .origin = cases[i].origin, .secure = cases[i].secure};

        wrong_is(&origin, cases[i].good ? NULL : "(Origin)");
    }
    wrong_is(&(struct http_origin){.origin = "http://"}, "(Origin)");
    wrong_is(&(struct http_origin){.origin = "http://LOCALHOST:1", .host = "localhost:1"}, NULL);
}

static void sites(void **state)
{
    static const struct {
        const char *site, *mode, *dest;
        bool linked, good;
    } cases[] = {
        {NULL, NULL, NULL, false, true},
        {"none", "navigate", "document", false, true},
        {"same-origin", "cors", "empty", false, true},
        {"same-site", "cors", "empty", true, false},
        {"cross-site", "cors", "empty", true, false},
        {"cross-site", "no-cors", "script", true, false},
        {"cross-site", "navigate", "document", true, true},
        {"same-site", "navigate", "document", true, true},
        {"cross-site", "navigate", "document", false, false},
        {"cross-site", "navigate", "iframe", true, false},
        {"cross-site", "navigate", NULL, true, false},
        {"cross-site", NULL, "document", true, false},
        {"", NULL, NULL, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct http_origin origin = {.host = OWN,
                                           .fetch_site = cases[i].site,
                                           .fetch_mode = cases[i].mode,
                                           .fetch_dest = cases[i].dest,
                                           .linked = cases[i].linked};

        wrong_is(&origin, cases[i].good ? NULL : "(Sec-Fetch-Site)");
    }
}

/* A page whose name leads to this machine is of the same origin as itself. */
static void hosts(void **state)
{
    struct http_origin origin = {.host = "evil.example:9101",
                                 .origin = "http://evil.example:9101",
                                 .fetch_site = "same-origin",
                                 .linked = true};

    (void)state;
    wrong_is(&origin, "(Host)");
    origin.origin = NULL;
    wrong_is(&origin, "(Host)");
    origin.any_host = true;
    wrong_is(&origin, NULL);
    origin.host = "localhost";
    origin.any_host = false;
    wrong_is(&origin, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins),
        cmocka_unit_test(sites),
        cmocka_unit_test(hosts),
    };

    return test_group_run(tests);
}
