/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of a query: decoded, and refused by name. */
#include "admin/http/http_query.h"

#include <string.h>

#include "unit/admin/http/request_fixture.h"

static const char *const known[] = {"limit", "after", "path"};

static void expect_good(void)
{
    assert_true(http_query_check(&request, known, ARRAY_SIZE(known)));
    assert_null(request.reply.body.data);
}

/* The problem has this text. */
static void expect_refused(const char *text)
{
    assert_false(http_query_check(&request, known, ARRAY_SIZE(known)));
    request_refused("query", 400, text);
}

static void none(void **state)
{
    (void)state;
    expect_good();
    assert_null(http_query(&request, "limit"));
}

static void decoded(void **state)
{
    (void)state;
    http_query_add(&request.query, "path", "%2fa%20b%E2%82%ac c");
    http_query_add(&request.query, "l%69mit", "7");
    http_query_add(&request.query, "after", NULL);
    expect_good();
    assert_string_equal(http_query(&request, "path"), "/a b\xe2\x82\xac c");
    assert_string_equal(http_query(&request, "limit"), "7");
    assert_string_equal(http_query(&request, "after"), "");
}

static void unknown(void **state)
{
    (void)state;
    http_query_add(&request.query, "limit", "7");
    http_query_add(&request.query, "offset", "7");
    expect_refused("there is no parameter 'offset' here; there are: limit, after, path");
}

static void unknown_where_there_are_none(void **state)
{
    (void)state;
    http_query_add(&request.query, "x", "");
    assert_false(http_query_check(&request, NULL, 0));
    request_refused("?x=", 400, "no parameter 'x' here; there is none\"");
}

static void unknown_without_utf8(void **state)
{
    (void)state;
    http_query_add(&request.query, "a%ff%1bb", "");
    expect_refused("no parameter 'a??b' here");
}

static void twice(void **state)
{
    (void)state;
    http_query_add(&request.query, "limit", "7");
    http_query_add(&request.query, "path", "7");
    http_query_add(&request.query, "limit", "8");
    expect_refused("parameter 'limit' is given twice");
}

static void malformed(void **state)
{
    static const char *const values[] = {"%", "%2", "%zz", "a%00b"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        request_set_query("path", values[i]);
        expect_refused("parameter 'path' is too long or not percent-encoded correctly");
        assert_null(http_query(&request, "path"));
    }
}

static void too_many(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= HTTP_QUERY_PARAMETERS; i++)
        http_query_add(&request.query, i < HTTP_QUERY_PARAMETERS ? "limit" : "last", "7");
    assert_int_equal(request.query.count, HTTP_QUERY_PARAMETERS);
    expect_refused("too many parameters, from 'last' on");
}

static void too_long(void **state)
{
    static char value[HTTP_QUERY_BYTES];

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1 - sizeof("path")] = '\0';
    http_query_add(&request.query, "path", value);
    expect_good();
    http_query_add(&request.query, "after", "");
    expect_refused("parameter 'after' is too long");
}

int main(void)
{
    const struct CMUnitTest group[] = {
        REQUEST_TEST(none),
        REQUEST_TEST(decoded),
        REQUEST_TEST(unknown),
        REQUEST_TEST(unknown_where_there_are_none),
        REQUEST_TEST(twice),
        REQUEST_TEST(malformed),
        REQUEST_TEST(too_many),
        REQUEST_TEST(too_long),
        REQUEST_TEST(unknown_without_utf8),
    };

    return test_group_run(group);
}
