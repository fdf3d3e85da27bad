/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_sample.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "cli/value_text.h"

enum {
    ANSWER_S = 10,
    PAGE_ITEMS = 1000,
};

struct reading {
    struct admin_client *client;
    const atomic_bool *stop;
    struct top_sample *sample;
};

/* NULL: it failed; then sample->status says how. */
static json_t *get(const struct reading *reading, const char *path)
{
    const struct admin_request request = {
        .method = "GET", .path = path, .quiet = true, .timeout_s = ANSWER_S, .stop = reading->stop};
    struct admin_reply reply;

    if (admin_client_call(reading->client, &request, &reply) && reply.json)
        return reply.json;
    json_decref(reply.json);
    reading->sample->status = reply.status;
    return NULL;
}

/* Up to LIMIT_TOP_ITEMS of a list.  NULL: it failed.  Behind a page with nothing there is no other,
 * whatever it says. */
static json_t *list_get(const struct reading *reading, const char *path, const char *member)
{
    json_t *items = json_array(), *page;
    char *after = must_strdup("");

    do {
        char *whole, *encoded = admin_client_encode(reading->client, after);

        CHECK(asprintf(&whole, "%s%climit=%d%s%s", path, strchr(path, '?') ? '&' : '?', PAGE_ITEMS,
                       *encoded ? "&after=" : "", encoded) > 0);
        page = get(reading, whole);
        free(encoded);
        free(whole);
        free(after);
        after = NULL;
        if (json_array_size(json_object_get(page, member)) > 0) {
            const char *next = json_string_value(json_object_get(page, "next"));

            CHECK(json_array_extend(items, json_object_get(page, member)) == 0);
            after = next && *next ? must_strdup(next) : NULL;
        }
        reading->sample->is_cut |= after && json_array_size(items) >= LIMIT_TOP_ITEMS;
        json_decref(page);
    } while (after && json_array_size(items) < LIMIT_TOP_ITEMS);
    free(after);
    if (page)
        return items;
    json_decref(items);
    return NULL;
}

/* ---- by view ---- */

static bool recalls_read(const struct reading *reading)
{
    struct top_sample *sample = reading->sample;
    json_t *all, *item;
    size_t i;

    sample->items = json_array();
    if (top_number(sample->activity, "recalls.in_flight") == 0)
        return true;
    all = list_get(reading, "/delegations", "items");
    json_array_foreach(all, i, item)
    {
        if (!json_is_null(json_object_get(item, "recalled_s")))
            (void)json_array_append(sample->items, item);
    }
    json_decref(all);
    return all != NULL;
}

/* What a client waits for, with its name: one item for each reason. */
static void waits_add(json_t *items, const json_t *client)
{
    const json_t *reason;
    size_t i;

    json_array_foreach(json_object_get(client, "waits"), i, reason)(void) json_array_append_new(
        items,
        json_pack("{s:O, s:O, s:O, s:O, s:O, s:O}", "id", json_object_get(client, "id"), "owner",
                  json_object_get(client, "owner"), "address", json_object_get(client, "address"),
                  "lock_waiters", json_object_get(client, "lock_waiters"), "parked",
                  json_object_get(client, "parked"), "why", reason));
}

/* A client may be gone before it is asked for. */
static void waits_of(const struct reading *reading, const char *id)
{
    char path[64];
    json_t *client;

    (void)snprintf(path, sizeof(path), "/clients/%.*s", TOP_ID_BYTES, id);
    client = get(reading, path);
    waits_add(reading->sample->items, client);
    json_decref(client);
}

static bool waits_read(const struct reading *reading)
{
    struct top_sample *sample = reading->sample;
    json_t *all, *client;
    uint32_t asked = 0;
    size_t i;

    sample->items = json_array();
    if (top_number(sample->activity, "locks.waited_for") == 0 &&
        top_number(sample->activity, "requests.parked") == 0)
        return true;
    all = list_get(reading, "/clients", "items");
    json_array_foreach(all, i, client)
    {
        const char *id = json_string_value(json_object_get(client, "id"));

        if (!id || (top_number(client, "lock_waiters") == 0 && top_number(client, "parked") == 0))
            continue;
        sample->is_cut |= asked == LIMIT_TOP_WAITS;
        if (asked++ < LIMIT_TOP_WAITS)
            waits_of(reading, id);
    }
    json_decref(all);
    return all != NULL;
}

/* It may be gone: then there is no detail, which is an answer, too. */
static bool detail_read(const struct reading *reading, const char *kind)
{
    struct top_sample *sample = reading->sample;
    char path[64];

    (void)snprintf(path, sizeof(path), "/%s/%s", kind, sample->place.id);
    sample->detail = get(reading, path);
    return sample->detail || sample->status == 404;
}

static bool client_read(const struct reading *reading)
{
    struct top_sample *sample = reading->sample;
    char path[64];

    if (!detail_read(reading, "clients"))
        return false;
    (void)snprintf(path, sizeof(path), "/sessions?client=%s", sample->place.id);
    sample->items = sample->detail ? list_get(reading, path, "items") : json_array();
    return sample->items != NULL;
}

static bool list_read(const struct reading *reading)
{
    struct top_sample *sample = reading->sample;

    switch (sample->place.view) {
    case TOP_CLIENTS:
        sample->items = list_get(reading, "/clients", "items");
        sample->more = sample->items ? list_get(reading, "/sessions", "items") : NULL;
        return sample->more != NULL;
    case TOP_SESSIONS:
        sample->items = list_get(reading, "/sessions", "items");
        return sample->items != NULL;
    case TOP_CALLBACKS:
        sample->items = list_get(reading, "/callbacks", "paths");
        return sample->items != NULL;
    case TOP_RECALLS:
        return recalls_read(reading);
    case TOP_WAITS:
        return waits_read(reading);
    case TOP_CLIENT:
        return client_read(reading);
    case TOP_SESSION:
        return detail_read(reading, "sessions");
    case TOP_OPERATIONS:
    case TOP_LOOPS:
    case TOP_VIEW_COUNT:
        break;
    }
    return true;
}

struct top_sample *top_sample_read(struct admin_client *client, const struct top_place *place,
                                   const atomic_bool *stop)
{
    struct top_sample *sample = must_calloc(1, sizeof(*sample));
    const struct reading reading = {.client = client, .stop = stop, .sample = sample};
    struct timespec now;

    sample->place = *place;
    sample->activity = get(&reading, "/activity");
    sample->server = sample->activity ? get(&reading, "/server") : NULL;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    sample->read_s = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    sample->is_good = sample->server && list_read(&reading);
    return sample;
}

void top_sample_free(struct top_sample *sample)
{
    if (!sample)
        return;
    json_decref(sample->activity);
    json_decref(sample->server);
    json_decref(sample->items);
    json_decref(sample->more);
    json_decref(sample->detail);
    free(sample);
}

bool top_sample_goes_on(const struct top_sample *before, const struct top_sample *last)
{
    return json_equal(json_object_get(before->activity, "started"),
                      json_object_get(last->activity, "started")) &&
           json_equal(json_object_get(before->server, "pid"),
                      json_object_get(last->server, "pid")) &&
           top_number(last->activity, "requests.count") >=
               top_number(before->activity, "requests.count");
}

double top_number(const json_t *object, const char *path)
{
    return json_number_value(value_member(object, path));
}
