/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_view.h"

#include <string.h>

#include "cli/top_rows.h"

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

static void (*const fills[TOP_VIEW_COUNT])(const struct top_rows *rows) = {
    [TOP_OPERATIONS] = top_rows_operations, [TOP_CLIENTS] = top_rows_clients,
    [TOP_SESSIONS] = top_rows_sessions,     [TOP_CALLBACKS] = top_rows_callbacks,
    [TOP_RECALLS] = top_rows_recalls,       [TOP_WAITS] = top_rows_waits,
    [TOP_LOOPS] = top_rows_loops,           [TOP_CLIENT] = top_rows_client,
    [TOP_SESSION] = top_rows_session,
};

static bool is_of_activity(enum top_view_id view)
{
    return view == TOP_OPERATIONS || view == TOP_LOOPS;
}

static bool same_place(const struct top_sample *before, const struct top_sample *last)
{
    return before->place.view == last->place.view && strcmp(before->place.id, last->place.id) == 0;
}

static double activity_seconds(const struct top_sample *before, const struct top_sample *last)
{
    return top_number(last->activity, "monotonic_s") - top_number(before->activity, "monotonic_s");
}

void top_view_fill(struct top_table *table, const struct top_sample *before,
                   const struct top_sample *last)
{
    const enum top_view_id id = last->place.view;
    struct top_rows rows = {.table = table, .last = last};

    top_table_init(table, top_views[id].columns, top_views[id].column_count);
    if (last->is_cut)
        top_table_note(table, "there are more than can be shown here");
    if (before && (is_of_activity(id) || same_place(before, last))) {
        rows.before = before;
        rows.seconds =
            is_of_activity(id) ? activity_seconds(before, last) : last->read_s - before->read_s;
    }
    fills[id](&rows);
}
