/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_frame.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/printable.h"
#include "cli/top_view.h"
#include "cli/value_text.h"

enum {
    FRAME_LINES_MAX = 20000,
    TEXT_BYTES = 2048,
    GAP = 2,         /* columns between those of a table */
    ROWS_TALL = 14,  /* from here on the whole header is shown */
    ROWS_HEADED = 6, /* from here on its first two lines */
};

/* ---- lines ---- */

/* Where a printable text has to end to take at most so many columns. */
static size_t cut_at(const char *text, size_t columns)
{
    size_t len = strlen(text);
    char *copy;

    if (printable_columns(text) <= columns)
        return len;
    copy = must_strdup(text);
    while (len > 0 && printable_columns(copy) > columns) {
        do
            len--;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80);
        copy[len] = '\0';
    }
    free(copy);
    return len;
}

/* The text is made printable, whoever it is from. */
static struct top_line *line_add(struct top_frame *frame, enum top_style style, const char *text)
{
    struct top_line *line;

    if (frame->count == FRAME_LINES_MAX)
        return NULL;
    frame->lines = must_realloc(frame->lines, (size_t)(frame->count + 1) * sizeof(*line));
    line = &frame->lines[frame->count++];
    *line = (struct top_line){.text = printable_text(text), .style = style};
    line->text[cut_at(line->text, (size_t)frame->columns)] = '\0';
    return line;
}

static void line_mark(struct top_line *line, enum top_style mark, size_t from, size_t to)
{
    size_t len = line ? strlen(line->text) : 0;

    if (from >= len)
        return;
    line->mark = mark;
    line->from = from;
    line->to = to < len ? to : len;
}

/* Items that stand beside each other as far as they fit, the most important ones first. */
struct items {
    char text[TEXT_BYTES];
    size_t columns, most;
};

static void item_add(struct items *items, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void item_add(struct items *items, const char *format, ...)
{
    size_t len = strlen(items->text), gap = len > 0 ? GAP : 0, wide;
    char one[256];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(one, sizeof(one), format, arguments);
    va_end(arguments);
    wide = printable_columns(one);
    if ((items->columns > 0 && items->columns + gap + wide > items->most) ||
        len + gap + strlen(one) >= sizeof(items->text))
        return;
    (void)sprintf(items->text + len, "%*s%s", (int)gap, "", one);
    items->columns += gap + wide;
}

/* ---- the header ---- */

/* A text of the server, which may hold anything. */
static void text_add(struct items *items, const char *before, const char *text, size_t most)
{
    char *shown = printable_text(text ? text : "");

    printable_shorten(shown, most);
    item_add(items, "%s%s", before, shown);
    free(shown);
}

/* HH:MM:SS of a time as in RFC 3339. */
static void clock_add(struct items *items, const char *time)
{
    char clock[9];

    if (!time || strlen(time) <= 19)
        return;
    (void)snprintf(clock, sizeof(clock), "%s", time + 11);
    text_add(items, "", clock, sizeof(clock) - 1);
}

static void server_line(struct top_frame *frame, const struct top_scene *scene)
{
    const json_t *server = scene->last ? scene->last->server : NULL;
    struct items items = {.most = (size_t)frame->columns};
    const char *version = json_string_value(json_object_get(server, "version"));
    const char *phase =
        json_string_value(json_object_get(scene->last ? scene->last->activity : NULL, "phase"));
    const char *time =
        json_string_value(json_object_get(scene->last ? scene->last->activity : NULL, "time"));
    char text[TOP_CELL_BYTES];

    text_add(&items, "mainstayd ", version, 40);
    top_print_seconds(top_number(server, "uptime_s"), text);
    item_add(&items, "up %s", text);
    text_add(&items, "", phase, 20);
    if (json_is_true(value_member(server, "grace.active"))) {
        top_print_seconds(top_number(server, "grace.ends_in_s"), text);
        item_add(&items, "GRACE %s", text);
    }
    clock_add(&items, time);
    if (scene->is_lost)
        item_add(&items, "OLD VALUES");
    text_add(&items, "", scene->endpoint, 100);
    (void)line_add(frame, scene->is_lost ? TOP_STALE : TOP_BOLD, items.text);
}

static void rates_line(struct top_frame *frame, const struct top_scene *scene)
{
    const struct top_summary *now = &scene->summary;
    struct items items = {.most = (size_t)frame->columns};
    char one[TOP_CELL_BYTES], other[TOP_CELL_BYTES];

    top_print_count(now->operations, one);
    item_add(&items, "op/s %s", one);
    top_print_seconds(now->p50_s, one);
    top_print_seconds(now->p99_s, other);
    item_add(&items, "p50 %s  p99 %s", one, other);
    top_print_bytes(now->read, one);
    item_add(&items, "read %s/s", one);
    top_print_bytes(now->written, one);
    item_add(&items, "written %s/s", one);
    top_print_count(now->requests, one);
    item_add(&items, "req/s %s", one);
    top_print_count(now->errors, one);
    item_add(&items, "err/s %s", one);
    if (!isnan(now->cpu))
        item_add(&items, "CPU %.0f%%", now->cpu * 100);
    (void)line_add(frame, scene->is_lost ? TOP_STALE : TOP_PLAIN, items.text);
}

static void count_add(struct items *items, const struct top_scene *scene, const char *label,
                      const char *path)
{
    char text[TOP_CELL_BYTES];

    top_print_count(top_number(scene->last ? scene->last->activity : NULL, path), text);
    item_add(items, "%s %s", label, text);
}

static void counts_line(struct top_frame *frame, const struct top_scene *scene)
{
    struct items items = {.most = (size_t)frame->columns};
    const json_t *activity = scene->last ? scene->last->activity : NULL;
    char used[TOP_CELL_BYTES], budget[TOP_CELL_BYTES];

    count_add(&items, scene, "clients", "counts.clients");
    count_add(&items, scene, "sessions", "counts.sessions");
    count_add(&items, scene, "opens", "counts.opens");
    count_add(&items, scene, "locks", "counts.locks");
    count_add(&items, scene, "delegations", "counts.delegations");
    top_print_bytes(top_number(activity, "memory.used_bytes"), used);
    top_print_bytes(top_number(activity, "memory.budget_bytes"), budget);
    item_add(&items, "mem %s/%s", used, budget);
    count_add(&items, scene, "connections", "counts.connections");
    (void)line_add(frame, scene->is_lost ? TOP_STALE : TOP_PLAIN, items.text);
}

static void waits_line(struct top_frame *frame, const struct top_scene *scene)
{
    struct items items = {.most = (size_t)frame->columns};

    count_add(&items, scene, "in flight: callbacks", "callbacks.in_flight");
    count_add(&items, scene, "recalls", "recalls.in_flight");
    count_add(&items, scene, "locks waited for", "locks.waited_for");
    count_add(&items, scene, "requests parked", "requests.parked");
    count_add(&items, scene, "threads blocked", "threads.blocked");
    (void)line_add(frame, scene->is_lost ? TOP_STALE : TOP_PLAIN, items.text);
}

/* The way that Enter has come. */
static void way_line(struct top_frame *frame, const struct top_scene *scene)
{
    const struct top_control *control = scene->control;
    struct items items = {.most = (size_t)frame->columns};
    size_t to;

    item_add(&items, "%u %s", control->places[0].view + 1,
             top_views[control->places[0].view].title);
    to = strlen(items.text);
    for (uint32_t i = 1; i <= control->depth; i++)
        item_add(&items, "> %s", top_views[control->places[i].view].title);
    line_mark(line_add(frame, TOP_PLAIN, items.text), TOP_SORTED, 0, to);
}

/* The views; where they do not fit, only the one that is shown. */
static void views_line(struct top_frame *frame, const struct top_scene *scene)
{
    enum top_view_id list = scene->control->places[0].view;
    struct items items = {.most = (size_t)frame->columns};
    size_t from = 0, to = 0;
    bool all = true;

    for (unsigned i = 0; i < TOP_LISTS; i++) {
        size_t len = strlen(items.text);

        item_add(&items, "%u %s", i + 1, top_views[i].title);
        all &= strlen(items.text) > len;
        if (i == list) {
            from = len > 0 ? len + GAP : 0;
            to = strlen(items.text);
        }
    }
    if (!all || scene->control->depth > 0) {
        way_line(frame, scene);
        return;
    }
    line_mark(line_add(frame, TOP_PLAIN, items.text), TOP_SORTED, from, to);
}

static void header_add(struct top_frame *frame, const struct top_scene *scene, int rows)
{
    if (rows >= ROWS_HEADED) {
        server_line(frame, scene);
        rates_line(frame, scene);
    }
    if (rows >= ROWS_TALL) {
        counts_line(frame, scene);
        waits_line(frame, scene);
    }
    if (!scene->is_plain && rows >= ROWS_HEADED)
        views_line(frame, scene);
}

/* ---- the table ---- */

struct layout {
    size_t widths[TOP_COLUMNS_MAX]; /* 0: left out */
    uint32_t sorted;
    bool descending;
};

static size_t column_needs(const struct top_table *table, uint32_t column)
{
    const struct top_column *of = &table->columns[column];
    size_t most = strlen(of->title) + 1; /* the arrow */

    if (most < of->width)
        most = of->width;
    for (size_t i = 0; of->kind == TOP_TEXT && i < table->count; i++) {
        const char *text = table->rows[i].cells[column].text;
        size_t wide = text ? printable_columns(text) : 0;

        most = wide > most ? wide : most;
    }
    return most;
}

static size_t layout_width(const struct layout *layout, const struct top_table *table)
{
    size_t sum = 0;

    for (uint32_t i = 0; i < table->column_count; i++)
        sum += layout->widths[i] > 0 ? layout->widths[i] + GAP : 0;
    return sum > 0 ? sum - GAP : 0;
}

/* The widest text that may give way; column_count: there is none. */
static uint32_t widest_text(const struct layout *layout, const struct top_table *table)
{
    uint32_t found = table->column_count;

    for (uint32_t i = 0; i < table->column_count; i++) {
        const struct top_column *of = &table->columns[i];
        size_t least = strlen(of->title) + 1 > of->width ? strlen(of->title) + 1 : of->width;

        if (of->kind == TOP_TEXT && layout->widths[i] > least &&
            (found == table->column_count || layout->widths[i] > layout->widths[found]))
            found = i;
    }
    return found;
}

/* The column with the highest rank; column_count: those that are left stay. */
static uint32_t least_important(const struct layout *layout, const struct top_table *table)
{
    uint32_t found = table->column_count, rank = 0;

    for (uint32_t i = 0; i < table->column_count; i++) {
        if (layout->widths[i] > 0 && table->columns[i].rank > rank) {
            rank = table->columns[i].rank;
            found = i;
        }
    }
    return found;
}

/* Texts give way first, then columns leave. */
static void layout_make(struct layout *layout, const struct top_table *table, size_t columns)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        layout->widths[i] = column_needs(table, i);
    while (layout_width(layout, table) > columns) {
        uint32_t give = widest_text(layout, table), leave;

        if (give < table->column_count) {
            layout->widths[give]--;
            continue;
        }
        leave = least_important(layout, table);
        if (leave == table->column_count)
            return; /* the line is cut */
        layout->widths[leave] = 0;
    }
}

/* A text in so many columns, to the left or to the right of spaces; its middle is left out. */
static void cell_put(char *line, size_t size, const char *text, size_t width, bool right)
{
    size_t len = strlen(line), have;
    char *copy = must_strdup(text);

    if (width >= 5)
        printable_shorten(copy, width);
    copy[cut_at(copy, width)] = '\0';
    have = printable_columns(copy);
    (void)snprintf(line + len, size - len, "%*s%s%*s", right ? (int)(width - have) : 0, "", copy,
                   right ? 0 : (int)(width - have), "");
    free(copy);
}

static void trim(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && text[len - 1] == ' ')
        text[--len] = '\0';
}

static void gap_put(char *line, size_t size)
{
    size_t len = strlen(line);

    if (len > 0)
        (void)snprintf(line + len, size - len, "%*s", GAP, "");
}

static void titles_add(struct top_frame *frame, const struct top_table *table,
                       const struct layout *layout)
{
    char text[TEXT_BYTES] = "", title[32];
    size_t from = 0, to = 0;

    for (uint32_t i = 0; i < table->column_count; i++) {
        bool is_sorted = i == layout->sorted;

        if (layout->widths[i] == 0)
            continue;
        gap_put(text, sizeof(text));
        if (is_sorted)
            from = strlen(text);
        (void)snprintf(title, sizeof(title), "%s%s", table->columns[i].title,
                       !is_sorted           ? ""
                       : layout->descending ? "v"
                                            : "^");
        cell_put(text, sizeof(text), title, layout->widths[i], table->columns[i].kind != TOP_TEXT);
        if (is_sorted)
            to = strlen(text);
    }
    trim(text);
    line_mark(line_add(frame, TOP_TITLE, text), TOP_SORTED, from, to);
}

static void row_add(struct top_frame *frame, const struct top_scene *scene,
                    const struct layout *layout, size_t at)
{
    const struct top_table *table = scene->table;
    const struct top_row *row = &table->rows[at];
    bool is_selected = !scene->is_plain && at == scene->control->row;
    char text[TEXT_BYTES * 4] = "", number[TOP_CELL_BYTES];

    for (uint32_t i = 0; i < table->column_count; i++) {
        if (layout->widths[i] == 0)
            continue;
        gap_put(text, sizeof(text));
        cell_put(text, sizeof(text), top_cell_text(&row->cells[i], table->columns[i].kind, number),
                 layout->widths[i], table->columns[i].kind != TOP_TEXT);
    }
    if (!is_selected)
        trim(text);
    (void)line_add(frame,
                   is_selected      ? TOP_SELECTED
                   : scene->is_lost ? TOP_STALE
                   : row->is_odd    ? TOP_ODD
                                    : TOP_PLAIN,
                   text);
}

static void nothing_add(struct top_frame *frame, const struct top_scene *scene)
{
    const struct top_view *view = &top_views[top_control_place(scene->control)->view];
    char text[256];

    if (!scene->last || scene->last->place.view != top_control_place(scene->control)->view)
        (void)snprintf(text, sizeof(text), "asking the server");
    else if (scene->table->hidden > 0)
        (void)snprintf(text, sizeof(text), "no row has '%s'; Esc shows all %zu",
                       scene->control->filter, scene->table->hidden);
    else
        (void)snprintf(text, sizeof(text), "%s", view->empty);
    (void)line_add(frame, TOP_PLAIN, text);
}

/* So that the cursor is on the screen, and as much as possible before it. */
static size_t first_row(const struct top_scene *scene, size_t room)
{
    size_t row = scene->control->row;

    if (scene->is_plain || room == 0 || row < room)
        return 0;
    return row - room + 1;
}

static void table_add(struct top_frame *frame, const struct top_scene *scene, int rows)
{
    const struct top_table *table = scene->table;
    const struct top_order *order =
        &scene->control->orders[top_control_place(scene->control)->view];
    struct layout layout = {.sorted = order->column, .descending = order->descending};
    size_t first, room;

    for (uint32_t i = 0; i < table->note_count && frame->count < rows - 3; i++)
        (void)line_add(frame, scene->is_lost ? TOP_STALE : TOP_PLAIN, table->notes[i]);
    layout_make(&layout, table, (size_t)frame->columns);
    if (frame->count < rows - 1)
        titles_add(frame, table, &layout);
    room = rows > frame->count ? (size_t)(rows - frame->count) : 0;
    if (table->count == 0 && room > 0)
        nothing_add(frame, scene);
    scene->control->page = room > 0 ? room : 1;
    first = first_row(scene, room);
    for (size_t i = first; i < table->count && i - first < room; i++)
        row_add(frame, scene, &layout, i);
}

/* ---- the last line ---- */

static void lost_line(struct top_frame *frame, const struct top_scene *scene)
{
    char text[128];

    if (scene->lost_status == 401 || scene->lost_status == 403)
        (void)snprintf(text, sizeof(text), "the server refuses the request (%ld), retrying",
                       scene->lost_status);
    else if (scene->lost_status != 0)
        (void)snprintf(text, sizeof(text), "the server answers with status %ld, retrying",
                       scene->lost_status);
    else
        (void)snprintf(text, sizeof(text), "server not reachable, retrying");
    (void)line_add(frame, TOP_ALARM, text);
}

static void keys_line(struct top_frame *frame, const struct top_scene *scene)
{
    const struct top_control *control = scene->control;
    struct items items = {.most = (size_t)frame->columns};

    if (control->is_paused)
        item_add(&items, "PAUSED");
    if (control->filter[0])
        item_add(&items, "filter '%s': %zu of %zu", control->filter, scene->table->count,
                 scene->table->count + scene->table->hidden);
    item_add(&items, "every %.3g s", control->interval_s);
    item_add(&items, "q quit");
    item_add(&items, "? help");
    if (control->depth > 0)
        item_add(&items, "Esc back");
    if (top_views[top_control_place(control)->view].below != TOP_VIEW_COUNT)
        item_add(&items, "Enter details");
    item_add(&items, "</> sort  r reverse");
    item_add(&items, "/ filter");
    item_add(&items, "p pause");
    (void)line_add(frame, control->is_paused ? TOP_ALARM : TOP_BOLD, items.text);
}

static void status_add(struct top_frame *frame, const struct top_scene *scene)
{
    char text[TOP_FILTER_BYTES + 16];

    if (scene->control->is_typing) {
        (void)snprintf(text, sizeof(text), "filter: %s_", scene->control->filter);
        (void)line_add(frame, TOP_BOLD, text);
    } else if (scene->is_lost) {
        lost_line(frame, scene);
    } else {
        keys_line(frame, scene);
    }
}

/* ---- help ---- */

static const char *const help_lines[] = {
    "1..7, Tab    the views                  Enter  one client, one session",
    "< > arrows   sort by another column     Esc    back; no filter",
    "r            the other way round        up, down, page up, page down",
    "/ TEXT Enter rows that have the text    p      pause",
    "+ -          longer, shorter interval   q      quit",
    "",
    "Rates and latencies are of the last interval. p99: 99 of 100 operations took",
    "no longer. Coloured rows do not go well: errors, all slots in use, no lease,",
    "no way for callbacks.                             Any key leaves this text.",
};

static void help_add(struct top_frame *frame, int rows)
{
    (void)line_add(frame, TOP_BOLD, "mainstay top: keys");
    for (size_t i = 0; i < ARRAY_SIZE(help_lines) && frame->count < rows; i++)
        (void)line_add(frame, TOP_PLAIN, help_lines[i]);
}

/* ---- all of it ---- */

void top_frame_make(struct top_frame *frame, const struct top_scene *scene, int rows, int columns)
{
    *frame = (struct top_frame){.columns = columns > 0 ? columns : 1};
    if (scene->control->wants_help) {
        help_add(frame, rows);
        return;
    }
    header_add(frame, scene, rows == 0 ? ROWS_TALL : rows);
    table_add(frame, scene, rows == 0 ? INT_MAX : rows - 1);
    if (scene->is_plain)
        return;
    while (frame->count < rows - 1)
        (void)line_add(frame, TOP_PLAIN, "");
    status_add(frame, scene);
}

void top_frame_fini(struct top_frame *frame)
{
    for (int i = 0; i < frame->count; i++)
        free(frame->lines[i].text);
    free(frame->lines);
    *frame = (struct top_frame){0};
}
