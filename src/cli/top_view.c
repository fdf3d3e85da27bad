/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/top_rate.h"
#include "cli/top_summary.h"
#include "cli/value_text.h"

#define SESSION_COLUMNS                                                                            \
    {                                                                                              \
        {"session", "SESSION", TOP_TEXT, 14, 0}, {"client", "CLIENT", TOP_TEXT, 20, 3},            \
            {"requests_s", "REQ/S", TOP_RATE, 6, 0}, {"in_use", "IN USE", TOP_COUNT, 6, 0},        \
            {"slots", "SLOTS", TOP_COUNT, 5, 1}, {"highest", "HIGHEST", TOP_COUNT, 7, 4},          \
            {"requests", "REQUESTS", TOP_COUNT, 8, 2}, {"idle", "IDLE", TOP_SECONDS, 7, 5},        \
        {                                                                                          \
            "callbacks", "CALLBACKS", TOP_TEXT, 9, 6                                               \
        }                                                                                          \
    }

const struct top_view top_views[TOP_VIEW_COUNT] = {
    [TOP_OPERATIONS] = {.name = "operations",
                        .title = "Operations",
                        .empty = "no operation has been executed yet",
                        .columns = {{"operation", "OPERATION", TOP_TEXT, 12, 0},
                                    {"version", "VER", TOP_TEXT, 3, 4},
                                    {"operations_s", "OP/S", TOP_RATE, 7, 0},
                                    {"errors_s", "ERR/S", TOP_RATE, 6, 2},
                                    {"p50", "P50", TOP_SECONDS, 7, 1},
                                    {"p99", "P99", TOP_SECONDS, 7, 0},
                                    {"total", "TOTAL", TOP_COUNT, 8, 3},
                                    {"errors", "ERRORS", TOP_COUNT, 8, 5}},
                        .column_count = 8,
                        .sorted_by = 2,
                        .descending = true,
                        .below = TOP_VIEW_COUNT},
    [TOP_CLIENTS] = {.name = "clients",
                     .title = "Clients",
                     .empty = "there are no clients",
                     .columns = {{"owner", "OWNER", TOP_TEXT, 24, 0},
                                 {"version", "VER", TOP_TEXT, 3, 5},
                                 {"address", "ADDRESS", TOP_TEXT, 9, 1},
                                 {"security", "SECURITY", TOP_TEXT, 8, 7},
                                 {"requests_s", "REQ/S", TOP_RATE, 6, 0},
                                 {"sessions", "SESS", TOP_COUNT, 4, 6},
                                 {"opens", "OPENS", TOP_COUNT, 5, 2},
                                 {"locks", "LOCKS", TOP_COUNT, 5, 3},
                                 {"delegations", "DELEG", TOP_COUNT, 5, 4},
                                 {"callbacks", "CALLBACKS", TOP_TEXT, 9, 8}},
                     .column_count = 10,
                     .sorted_by = 4,
                     .descending = true,
                     .below = TOP_CLIENT},
    [TOP_SESSIONS] = {.name = "sessions",
                      .title = "Sessions",
                      .empty = "there are no sessions",
                      .columns = SESSION_COLUMNS,
                      .column_count = 9,
                      .sorted_by = 2,
                      .descending = true,
                      .below = TOP_SESSION},
    [TOP_CALLBACKS] = {.name = "callbacks",
                       .title = "Callbacks",
                       .empty = "no client takes callbacks",
                       .columns = {{"client", "CLIENT", TOP_TEXT, 20, 0},
                                   {"version", "VER", TOP_TEXT, 3, 3},
                                   {"waiting", "IN FLIGHT", TOP_COUNT, 9, 0},
                                   {"oldest", "OLDEST", TOP_SECONDS, 7, 0},
                                   {"path", "PATH", TOP_TEXT, 7, 1},
                                   {"where", "SESSION OR ADDRESS", TOP_TEXT, 18, 2}},
                       .column_count = 6,
                       .sorted_by = 2,
                       .descending = true,
                       .below = TOP_CLIENT},
    [TOP_RECALLS] = {.name = "recalls",
                     .title = "Recalls",
                     .empty = "no delegation is recalled",
                     .columns = {{"path", "PATH", TOP_TEXT, 12, 0},
                                 {"client", "CLIENT", TOP_TEXT, 12, 0},
                                 {"recalled", "RECALLED", TOP_SECONDS, 8, 0},
                                 {"type", "TYPE", TOP_TEXT, 9, 1},
                                 {"held", "HELD", TOP_SECONDS, 7, 2},
                                 {"state", "STATE", TOP_TEXT, 8, 3}},
                     .column_count = 6,
                     .sorted_by = 2,
                     .descending = true,
                     .below = TOP_VIEW_COUNT},
    [TOP_WAITS] = {.name = "waits",
                   .title = "Waits",
                   .empty = "no client waits for a lock or a delegation",
                   .columns = {{"client", "CLIENT", TOP_TEXT, 10, 0},
                               {"address", "ADDRESS", TOP_TEXT, 9, 1},
                               {"locks", "LOCKS", TOP_COUNT, 5, 0},
                               {"parked", "PARKED", TOP_COUNT, 6, 2},
                               {"why", "IT WAITS", TOP_TEXT, 20, 0}},
                   .column_count = 5,
                   .sorted_by = 2,
                   .descending = true,
                   .below = TOP_CLIENT},
    [TOP_LOOPS] = {.name = "loops",
                   .title = "Loops",
                   .empty = "there are no event loops",
                   .columns = {{"loop", "LOOP", TOP_COUNT, 4, 0},
                               {"connections", "CONNECTIONS", TOP_COUNT, 11, 0},
                               {"requests_s", "REQ/S", TOP_RATE, 7, 0},
                               {"lag", "LAG", TOP_SECONDS, 7, 0},
                               {"due", "WAITING", TOP_COUNT, 7, 1},
                               {"requests", "REQUESTS", TOP_COUNT, 9, 2}},
                   .column_count = 6,
                   .sorted_by = 0,
                   .below = TOP_VIEW_COUNT},
    [TOP_CLIENT] = {.name = "client",
                    .title = "Client",
                    .empty = "it has no sessions",
                    .columns = SESSION_COLUMNS,
                    .column_count = 9,
                    .sorted_by = 2,
                    .descending = true,
                    .below = TOP_SESSION},
    [TOP_SESSION] = {.name = "session",
                     .title = "Session",
                     .empty = "no slot was used yet",
                     .columns = {{"slot", "SLOT", TOP_COUNT, 4, 0},
                                 {"state", "STATE", TOP_TEXT, 6, 0},
                                 {"requests_s", "REQ/S", TOP_RATE, 7, 0},
                                 {"requests", "REQUESTS", TOP_COUNT, 9, 1}},
                     .column_count = 4,
                     .sorted_by = 0,
                     .below = TOP_VIEW_COUNT},
};

enum top_view_id top_view_find(const char *name)
{
    unsigned view = 0;

    while (view < TOP_LISTS && strcmp(top_views[view].name, name) != 0)
        view++;
    return (enum top_view_id)view;
}

uint32_t top_view_column(enum top_view_id view, const char *name)
{
    uint32_t column = 0;

    while (column < top_views[view].column_count &&
           strcmp(top_views[view].columns[column].name, name) != 0)
        column++;
    return column;
}

/* ---- what rows are made of ---- */

struct filling {
    struct top_table *table;
    const struct top_sample *before, *last; /* before: NULL if it is of another place */
    double seconds;                         /* between the lists of the two */
};

static const char *text_of(const json_t *item, const char *path)
{
    return json_string_value(value_member(item, path));
}

static void text_set(struct top_row *row, uint32_t column, const json_t *item, const char *path)
{
    top_row_text(row, column, text_of(item, path));
}

static void number_set(struct top_row *row, uint32_t column, const json_t *item, const char *path)
{
    const json_t *value = value_member(item, path);

    if (json_is_number(value))
        row->cells[column].number = json_number_value(value);
}

/* The items by a member that each of them has. */
static json_t *index_of(const json_t *items, const char *member)
{
    json_t *index = json_object(), *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        const char *key = text_of(item, member);

        if (key)
            (void)json_object_set(index, key, item);
    }
    return index;
}

/* Of a counter of an item that may be new since, if the list before did not leave it out. */
static double rate_of(const struct filling *filling, const json_t *old, const json_t *item,
                      const char *member)
{
    if (!filling->before || (!old && filling->before->is_cut))
        return NAN;
    return top_rate(top_number(old, member), top_number(item, member), filling->seconds);
}

/* ---- operations and loops ---- */

static void operation_add(struct top_table *table, const struct top_sample *before,
                          const json_t *operation, double seconds)
{
    const json_t *old = top_operation(before, operation);
    struct top_histogram times = {.bound_count = 0};
    const char *name = text_of(operation, "name");
    char version[8], key[64];
    struct top_row *row;

    (void)snprintf(version, sizeof(version), "4.%.0f", top_number(operation, "minor"));
    (void)snprintf(key, sizeof(key), "%.40s %s", name ? name : "?", version);
    row = top_table_add(table, key);
    top_row_text(row, 0, name);
    top_row_text(row, 1, version);
    number_set(row, 6, operation, "count");
    number_set(row, 7, operation, "errors");
    if (!before)
        return;
    top_histogram_add(&times, old, operation);
    row->cells[2].number =
        top_rate(top_number(old, "count"), top_number(operation, "count"), seconds);
    row->cells[3].number =
        top_rate(top_number(old, "errors"), top_number(operation, "errors"), seconds);
    row->cells[4].number = top_histogram_quantile(&times, 0.5);
    row->cells[5].number = top_histogram_quantile(&times, 0.99);
    row->is_odd = row->cells[3].number > 0 && row->cells[3].number >= row->cells[2].number / 10;
}

static double between(const struct top_sample *before, const struct top_sample *last)
{
    return before ? top_number(last->activity, "monotonic_s") -
                        top_number(before->activity, "monotonic_s")
                  : 0;
}

static void operations_fill(struct top_table *table, const struct top_sample *before,
                            const struct top_sample *last)
{
    const json_t *operation;
    size_t i;

    json_array_foreach(json_object_get(last->activity, "operations"), i, operation)
        operation_add(table, before, operation, between(before, last));
}

static void loops_fill(struct top_table *table, const struct top_sample *before,
                       const struct top_sample *last)
{
    const json_t *was = before ? json_object_get(before->activity, "loops") : NULL, *loop;
    size_t i;

    json_array_foreach(json_object_get(last->activity, "loops"), i, loop)
    {
        const json_t *old = json_array_get(was, i);
        struct top_row *row;
        char key[32];

        (void)snprintf(key, sizeof(key), "%08zu", i);
        row = top_table_add(table, key);
        number_set(row, 0, loop, "number");
        number_set(row, 1, loop, "connections");
        if (old)
            row->cells[2].number = top_rate(top_number(old, "requests"),
                                            top_number(loop, "requests"), between(before, last));
        number_set(row, 3, loop, "lag_s");
        number_set(row, 4, loop, "turns_due");
        number_set(row, 5, loop, "requests");
    }
}

/* ---- clients and sessions ---- */

/* Add the requests each second of each session to those of its client. */
static json_t *client_rates(const struct filling *filling)
{
    json_t *rates = json_object(), *session;
    json_t *old = filling->before ? index_of(filling->before->more, "id") : NULL;
    size_t i;

    json_array_foreach(filling->last->more, i, session)
    {
        const char *id = text_of(session, "id"), *client = text_of(session, "client");
        double rate = id ? rate_of(filling, json_object_get(old, id), session, "requests") : NAN;

        if (client && !isnan(rate))
            (void)json_object_set_new(
                rates, client, json_real(rate + json_number_value(json_object_get(rates, client))));
    }
    json_decref(old);
    return rates;
}

static void clients_fill(const struct filling *filling)
{
    static const char *const numbers[] = {"sessions", "opens", "locks", "delegations"};
    json_t *rates = client_rates(filling), *client;
    size_t i;

    json_array_foreach(filling->last->items, i, client)
    {
        const char *id = text_of(client, "id");
        struct top_row *row = top_table_add(filling->table, id ? id : "");

        text_set(row, 0, client, "owner");
        text_set(row, 1, client, "kind");
        text_set(row, 2, client, "address");
        text_set(row, 3, client, "security");
        if (json_object_get(rates, row->key))
            row->cells[4].number = json_number_value(json_object_get(rates, row->key));
        for (uint32_t n = 0; n < ARRAY_SIZE(numbers); n++)
            number_set(row, 5 + n, client, numbers[n]);
        text_set(row, 9, client, "callback_path");
        row->is_odd = strcmp(text_of(client, "state") ? text_of(client, "state") : "", "active");
    }
    json_decref(rates);
}

static void sessions_fill(const struct filling *filling)
{
    json_t *old = filling->before ? index_of(filling->before->items, "id") : NULL, *session;
    size_t i;

    json_array_foreach(filling->last->items, i, session)
    {
        const char *id = text_of(session, "id");
        struct top_row *row = top_table_add(filling->table, id ? id : "");

        text_set(row, 0, session, "id");
        text_set(row, 1, session, "client_owner");
        row->cells[2].number =
            rate_of(filling, json_object_get(old, row->key), session, "requests");
        number_set(row, 3, session, "slots_in_use");
        number_set(row, 4, session, "slots");
        number_set(row, 5, session, "highest_slot");
        number_set(row, 6, session, "requests");
        number_set(row, 7, session, "last_activity_s");
        text_set(row, 8, session, "back_channel");
        row->is_odd = row->cells[3].number > 0 && row->cells[3].number >= row->cells[4].number;
    }
    json_decref(old);
}

static const char *or_none(const char *text)
{
    return text && *text ? text : "-";
}

static void client_fill(const struct filling *filling)
{
    struct top_table *table = filling->table;
    const json_t *client = filling->last->detail, *reason;
    char silent[TOP_CELL_BYTES];
    size_t i;

    if (!client) {
        top_table_note(table, "client %s: it is gone", filling->last->place.id);
        return;
    }
    top_print_seconds(top_number(client, "lease_age_s"), silent);
    top_table_note(table, "%s", or_none(text_of(client, "owner")));
    top_table_note(table, "%s  NFSv%s  %s  %s  id %s", or_none(text_of(client, "address")),
                   or_none(text_of(client, "kind")), or_none(text_of(client, "security")),
                   or_none(text_of(client, "implementation.name")), filling->last->place.id);
    top_table_note(table,
                   "%s, silent for %s  opens %.0f  locks %.0f  delegations %.0f  callbacks %s",
                   or_none(text_of(client, "state")), silent, top_number(client, "opens"),
                   top_number(client, "locks"), top_number(client, "delegations"),
                   or_none(text_of(client, "callback_path")));
    json_array_foreach(json_object_get(client, "waits"), i, reason)
        top_table_note(table, "waits: %s", or_none(json_string_value(reason)));
    sessions_fill(filling);
}

static const json_t *slot_find(const struct top_sample *sample, const json_t *like)
{
    const json_t *slot;
    size_t i;

    json_array_foreach(json_object_get(sample ? sample->detail : NULL, "slot_states"), i, slot)
    {
        if (json_equal(json_object_get(slot, "slot"), json_object_get(like, "slot")))
            return slot;
    }
    return NULL;
}

static void slots_fill(const struct filling *filling)
{
    const json_t *slot;
    size_t i;

    json_array_foreach(json_object_get(filling->last->detail, "slot_states"), i, slot)
    {
        struct top_row *row;
        char key[32];

        (void)snprintf(key, sizeof(key), "%08.0f", top_number(slot, "slot"));
        row = top_table_add(filling->table, key);
        number_set(row, 0, slot, "slot");
        top_row_text(row, 1, json_is_true(json_object_get(slot, "in_use")) ? "in use" : "free");
        row->cells[2].number = rate_of(filling, slot_find(filling->before, slot), slot, "requests");
        number_set(row, 3, slot, "requests");
    }
}

static void session_fill(const struct filling *filling)
{
    const json_t *session = filling->last->detail;
    char idle[TOP_CELL_BYTES];

    if (!session) {
        top_table_note(filling->table, "session %s: it is gone", filling->last->place.id);
        return;
    }
    top_print_seconds(top_number(session, "last_activity_s"), idle);
    top_table_note(filling->table, "session %s", filling->last->place.id);
    top_table_note(filling->table, "of %s", or_none(text_of(session, "client_owner")));
    top_table_note(filling->table,
                   "%.0f of %.0f slots in use  connections %zu  callbacks %s  idle for %s",
                   top_number(session, "slots_in_use"), top_number(session, "slots"),
                   json_array_size(json_object_get(session, "connections")),
                   or_none(text_of(session, "back_channel")), idle);
    slots_fill(filling);
}

/* ---- callbacks, recalls, waits ---- */

static void callbacks_fill(const struct filling *filling)
{
    const json_t *path;
    size_t i;

    json_array_foreach(filling->last->items, i, path)
    {
        const char *id = text_of(path, "client"), *session = text_of(path, "session");
        struct top_row *row = top_table_add(filling->table, id ? id : "");

        text_set(row, 0, path, "client_owner");
        text_set(row, 1, path, "kind");
        number_set(row, 2, path, "waiting");
        if (top_number(path, "waiting") > 0)
            number_set(row, 3, path, "oldest_s");
        text_set(row, 4, path, "state");
        top_row_text(row, 5, session ? session : text_of(path, "address"));
        row->is_odd = strcmp(text_of(path, "state") ? text_of(path, "state") : "", "up");
    }
}

static void recalls_fill(const struct filling *filling)
{
    const json_t *recall;
    size_t i;

    json_array_foreach(filling->last->items, i, recall)
    {
        const char *id = text_of(recall, "id");
        struct top_row *row = top_table_add(filling->table, id ? id : "");

        top_row_text(row, 0, text_of(recall, "path") ? text_of(recall, "path") : "(removed)");
        text_set(row, 1, recall, "client_owner");
        number_set(row, 2, recall, "recalled_s");
        text_set(row, 3, recall, "type");
        number_set(row, 4, recall, "age_s");
        text_set(row, 5, recall, "state");
    }
}

static void waits_fill(const struct filling *filling)
{
    const json_t *wait;
    size_t i;

    json_array_foreach(filling->last->items, i, wait)
    {
        const char *id = text_of(wait, "id");
        struct top_row *row = top_table_add(filling->table, id ? id : "");

        text_set(row, 0, wait, "owner");
        text_set(row, 1, wait, "address");
        number_set(row, 2, wait, "lock_waiters");
        number_set(row, 3, wait, "parked");
        text_set(row, 4, wait, "why");
    }
}

/* ---- all of them ---- */

static bool same_place(const struct top_sample *before, const struct top_sample *last)
{
    return before->place.view == last->place.view && strcmp(before->place.id, last->place.id) == 0;
}

static void lists_fill(const struct filling *filling)
{
    static void (*const fills[TOP_VIEW_COUNT])(const struct filling *filling) = {
        [TOP_CLIENTS] = clients_fill,     [TOP_SESSIONS] = sessions_fill,
        [TOP_CALLBACKS] = callbacks_fill, [TOP_RECALLS] = recalls_fill,
        [TOP_WAITS] = waits_fill,         [TOP_CLIENT] = client_fill,
        [TOP_SESSION] = session_fill,
    };

    fills[filling->last->place.view](filling);
}

void top_view_fill(struct top_table *table, const struct top_sample *before,
                   const struct top_sample *last)
{
    const struct top_view *view = &top_views[last->place.view];
    struct filling filling = {.table = table, .last = last};

    top_table_init(table, view->columns, view->column_count);
    if (last->is_cut)
        top_table_note(table, "there are more than can be shown here");
    if (last->place.view == TOP_OPERATIONS) {
        operations_fill(table, before, last);
        return;
    }
    if (last->place.view == TOP_LOOPS) {
        loops_fill(table, before, last);
        return;
    }
    if (before && same_place(before, last)) {
        filling.before = before;
        filling.seconds = last->read_s - before->read_s;
    }
    lists_fill(&filling);
}
