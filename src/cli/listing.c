/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/complaint.h"

/* NULL after telling why. */
static json_t *page_get(struct admin_client *client, const char *path, const char *after,
                        const char *member)
{
    const char *parameter = !*after ? "" : strchr(path, '?') ? "&after=" : "?after=";
    char *encoded = admin_client_encode(client, after), *whole;
    struct admin_reply reply;
    bool ok;

    CHECK(asprintf(&whole, "%s%s%s", path, parameter, encoded) > 0);
    ok = admin_client_call(client, &(struct admin_request){.method = "GET", .path = whole}, &reply);
    free(encoded);
    free(whole);
    if (ok && json_is_array(json_object_get(reply.json, member)))
        return reply.json;
    if (ok)
        complaint_print("%s: the answer has no list '%s': is the server another version of "
                        "Mainstay?",
                        admin_client_name(client), member);
    json_decref(reply.json);
    return NULL;
}

/* False after telling why. */
static bool page_add(struct admin_client *client, json_t *items, json_t *page, const char *member)
{
    json_t *more = json_object_get(page, member);

    if (json_array_size(items) + json_array_size(more) <= LIMIT_CLI_ITEMS)
        return json_array_extend(items, more) == 0;
    complaint_print("%s: the list has more than %u items", admin_client_name(client),
                    LIMIT_CLI_ITEMS);
    return false;
}

json_t *listing_get(struct admin_client *client, const char *path, const char *member)
{
    json_t *first = page_get(client, path, "", member), *page = first;
    uint32_t pages = 1;
    const char *next;

    while (page && pages++ < LIMIT_CLI_PAGES &&
           (next = json_string_value(json_object_get(page, "next"))) && *next) {
        char *after = must_strdup(next);
        bool ok;

        if (page != first)
            json_decref(page);
        page = page_get(client, path, after, member);
        free(after);
        ok = page && page_add(client, json_object_get(first, member), page, member);
        if (!ok) {
            json_decref(page);
            json_decref(first);
            return NULL;
        }
    }
    if (page != first)
        json_decref(page);
    if (first)
        (void)json_object_del(first, "next");
    return first;
}
