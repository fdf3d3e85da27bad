/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a page, and its reply. */
#include "admin/api/api_page.h"

#include <string.h>

#include "base/limits.h"
#include "unit/admin/http/request_fixture.h"

static struct api_page page;

static void usual(void **state)
{
    (void)state;
    assert_true(api_page_read(&request, &page));
    assert_int_equal(page.limit, LIMIT_ADMIN_PAGE_USUAL);
    assert_string_equal(page.after, "");
}

static void limits(void **state)
{
    static const struct {
        const char *text;
        uint32_t limit; /* 0: refused */
    } rows[] = {
        {"1", 1},     {"10000", LIMIT_ADMIN_PAGE},
        {"0010", 10}, {"0", 0},
        {"10001", 0}, {"-1", 0},
        {"+1", 0},    {"", 0},
        {" 1", 0},    {"1 ", 0},
        {"0x1", 0},   {"1.0", 0},
        {"all", 0},   {"4294967297", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        request_set_query("limit", rows[i].text);
        assert_int_equal(api_page_read(&request, &page), rows[i].limit > 0);
        if (rows[i].limit > 0)
            assert_int_equal(page.limit, rows[i].limit);
        else
            request_refused(rows[i].text, 400, "'limit' wants a number from 1 to 10000");
    }
}

static void cursors(void **state)
{
    char cursor[API_CURSOR_BYTES + 1] = "";

    (void)state;
    memset(cursor, 'c', API_CURSOR_BYTES - 1);
    request_set_query("after", cursor);
    assert_true(api_page_read(&request, &page));
    assert_string_equal(page.after, cursor);
    cursor[API_CURSOR_BYTES - 1] = 'c';
    request_set_query("after", cursor);
    assert_false(api_page_read(&request, &page));
    request_refused(cursor, 400, "'after' wants what 'next' of a page before said");
}

static void replies(void **state)
{
    (void)state;
    api_page_reply(&request, json_pack("[i]", 1), "cursor");
    assert_string_equal(request.reply.body.data, "{\"items\":[1],\"next\":\"cursor\"}\n");
    api_page_reply(&request, json_array(), "");
    assert_string_equal(request.reply.body.data, "{\"items\":[]}\n");
    api_page_reply(&request, json_array(), NULL);
    assert_string_equal(request.reply.body.data, "{\"items\":[]}\n");
    api_page_reply(&request, NULL, NULL);
    assert_true(request.reply.body.failed);
}

int main(void)
{
    const struct CMUnitTest group[] = {REQUEST_TEST(usual), REQUEST_TEST(limits),
                                       REQUEST_TEST(cursors), REQUEST_TEST(replies)};

    return test_group_run(group);
}
