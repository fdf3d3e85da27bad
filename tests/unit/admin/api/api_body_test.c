/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests: what is no JSON object of the right members is refused, with the place. */
#include "admin/api/api_body.h"

#include <string.h>

#include "base/limits.h"
#include "unit/admin/http/request_fixture.h"

static const char *const members[] = {"path", "force"};

static void objects(void **state)
{
    static const char *const types[] = {NULL, "application/json", "Application/JSON; charset=utf-8",
                                        "application/merge-patch+json"};
    json_t *body;

    (void)state;
    request_set_body(" {\"force\": true, \"path\": null}\r\n");
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        request.content_type = types[i];
        body = api_body_object(&request, members, ARRAY_SIZE(members));
        assert_non_null(body);
        assert_true(json_is_true(json_object_get(body, "force")));
        json_decref(body);
    }
    request_set_body("{\"anything\": 1}");
    body = api_body_object(&request, NULL, 0);
    assert_non_null(body);
    json_decref(body);
}

static void refused(void **state)
{
    static const struct {
        const char *type, *body;
        unsigned status;
        const char *detail;
    } rows[] = {
        {"text/plain", "{}", 415, "send Content-Type: application/json"},
        {"application/jsonx", "{}", 415, "application/json"},
        {"", "{}", 415, "application/json"},
        {NULL, "", 400, "the body is empty; expected a JSON object"},
        {NULL, "{", 400, "body, line 1 column 1: "},
        {NULL, "{\n\"path\": 1,}", 400, "body, line 2 column 11: "},
        {NULL, "{\"path\": 1} x", 400, "body, line 1 column 13: "},
        {NULL, "{\"path\": 1, \"path\": 2}", 400, "duplicate object key"},
        {NULL, "{\"path\": \"\\u0000\"}", 400, "\\\\u0000"},
        {NULL, "{\"path\": \"\xff\"}", 400, "0xff"},
        {NULL, "17", 400, "body, line 1 column 2: "},
        {NULL, "[]", 422, "body: expected a JSON object, not an array"},
        {NULL, "{\"Path\": 1}", 422,
         "body: there is no member 'Path' here; there are: path, force"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        request.content_type = rows[i].type;
        request_set_body(rows[i].body);
        assert_null(api_body_object(&request, members, ARRAY_SIZE(members)));
        request_refused(rows[i].body, rows[i].status, rows[i].detail);
    }
}

static void none(void **state)
{
    (void)state;
    request_set_body("");
    assert_true(api_body_none(&request));
    request_set_body("{}");
    assert_true(api_body_none(&request));
    request_set_body("{\"now\": true}");
    assert_false(api_body_none(&request));
    request_refused("now", 422, "no member 'now' here; there is none\"");
}

/* Objects in each other, as many as a body may have. */
static void deep(void **state)
{
    static char text[LIMIT_ADMIN_BODY_BYTES + 1];

    (void)state;
    memset(text, '[', sizeof(text) - 1);
    request_set_body(text);
    assert_null(api_body_object(&request, members, ARRAY_SIZE(members)));
    request_refused("[[[...", 400, "");
}

int main(void)
{
    const struct CMUnitTest group[] = {REQUEST_TEST(objects), REQUEST_TEST(refused),
                                       REQUEST_TEST(none), REQUEST_TEST(deep)};

    return test_group_run(group);
}
