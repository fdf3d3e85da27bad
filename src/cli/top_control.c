/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_control.h"

#include <stdio.h>
#include <string.h>

#include "cli/top_view.h"

void top_control_init(struct top_control *control, enum top_view_id view, double interval_s)
{
    *control = (struct top_control){.interval_s = interval_s, .page = 1};
    control->places[0].view = view;
    for (unsigned i = 0; i < TOP_VIEW_COUNT; i++)
        control->orders[i] = (struct top_order){top_views[i].sorted_by, top_views[i].descending};
}

/* ---- the row ---- */

static void row_take(struct top_control *control, const struct top_table *table, size_t row)
{
    control->row = table->count == 0 ? 0 : row < table->count ? row : table->count - 1;
    control->key[0] = '\0';
    if (table->count > 0)
        (void)snprintf(control->key, sizeof(control->key), "%s", table->rows[control->row].key);
}

/* The first row has no key of its own: whoever is first stays at the first. */
static void row_move(struct top_control *control, const struct top_table *table, size_t row)
{
    row_take(control, table, row);
    if (control->row == 0)
        control->key[0] = '\0';
}

static size_t distance(size_t one, size_t other)
{
    return one < other ? other - one : one - other;
}

/* Several rows may have the key, such as what one client waits for: the nearest one. */
static void row_find(struct top_control *control, const struct top_table *table)
{
    size_t found = table->count;

    for (size_t i = 0; control->key[0] && i < table->count; i++) {
        if (strncmp(table->rows[i].key, control->key, sizeof(control->key) - 1) == 0 &&
            (found == table->count || distance(i, control->row) < distance(found, control->row)))
            found = i;
    }
    if (found < table->count)
        control->row = found;
    else
        row_move(control, table, control->row);
}

void top_control_apply(struct top_control *control, struct top_table *table)
{
    const struct top_order *order = &control->orders[top_control_place(control)->view];

    top_table_filter(table, control->filter);
    top_table_sort(table, order->column, order->descending);
    row_find(control, table);
}

/* ---- keys ---- */

static void place_changed(struct top_control *control)
{
    control->row = 0;
    control->key[0] = '\0';
    control->filter[0] = '\0';
}

static bool view_take(struct top_control *control, enum top_view_id view)
{
    control->depth = 0;
    control->places[0] = (struct top_place){.view = view};
    place_changed(control);
    return true;
}

static bool view_step(struct top_control *control, unsigned step)
{
    return view_take(control, (enum top_view_id)((control->places[0].view + step) % TOP_LISTS));
}

static bool place_enter(struct top_control *control, const struct top_table *table)
{
    enum top_view_id below = top_views[top_control_place(control)->view].below;
    struct top_place *place;

    if (below == TOP_VIEW_COUNT || table->count == 0 || control->depth + 1 == TOP_DEPTH)
        return false;
    place = &control->places[++control->depth];
    place->view = below;
    (void)snprintf(place->id, sizeof(place->id), "%s", table->rows[control->row].key);
    place_changed(control);
    return true;
}

/* One thing after the other: the filter, then the way that Enter came. */
static bool place_leave(struct top_control *control)
{
    if (control->filter[0]) {
        control->filter[0] = '\0';
        return false;
    }
    if (control->depth == 0)
        return false;
    control->depth--;
    place_changed(control);
    return true;
}

static void order_step(struct top_control *control, const struct top_table *table, bool back)
{
    struct top_order *order = &control->orders[top_control_place(control)->view];
    uint32_t count = table->column_count;

    if (count == 0)
        return;
    order->column = (order->column + (back ? count - 1 : 1)) % count;
    order->descending = table->columns[order->column].kind != TOP_TEXT;
}

/* Doubled and halved, so that few keys lead far. */
static void interval_step(struct top_control *control, double by)
{
    double interval_s = control->interval_s * by;

    if (interval_s >= TOP_INTERVAL_MIN_S && interval_s <= TOP_INTERVAL_MAX_S)
        control->interval_s = interval_s;
}

static void filter_key(struct top_control *control, int key)
{
    size_t len = strlen(control->filter);

    if (key == TOP_KEY_ENTER) {
        control->is_typing = false;
    } else if (key == TOP_KEY_ESCAPE) {
        control->is_typing = false;
        control->filter[0] = '\0';
    } else if (key == TOP_KEY_BACKSPACE && len > 0) {
        control->filter[len - 1] = '\0';
    } else if (key >= ' ' && key < 0x7f && len + 1 < sizeof(control->filter)) {
        control->filter[len] = (char)key;
        control->filter[len + 1] = '\0';
    }
}

static void move_key(struct top_control *control, int key, const struct top_table *table)
{
    size_t row = control->row;

    switch (key) {
    case TOP_KEY_UP:
        row_move(control, table, row > 0 ? row - 1 : 0);
        break;
    case TOP_KEY_DOWN:
        row_move(control, table, row + 1);
        break;
    case TOP_KEY_PAGE_UP:
        row_move(control, table, row > control->page ? row - control->page : 0);
        break;
    case TOP_KEY_PAGE_DOWN:
        row_move(control, table, row + control->page);
        break;
    case TOP_KEY_HOME:
        row_move(control, table, 0);
        break;
    case TOP_KEY_END:
        row_move(control, table, SIZE_MAX);
        break;
    default:
        break;
    }
}

static void choice_key(struct top_control *control, int key, const struct top_table *table)
{
    struct top_order *order = &control->orders[top_control_place(control)->view];

    switch (key) {
    case '<':
    case TOP_KEY_LEFT:
        order_step(control, table, true);
        break;
    case '>':
    case TOP_KEY_RIGHT:
        order_step(control, table, false);
        break;
    case 'r':
        order->descending = !order->descending;
        break;
    case '/':
        control->is_typing = true;
        break;
    case 'p':
    case ' ':
        control->is_paused = !control->is_paused;
        break;
    case '+':
        interval_step(control, 2);
        break;
    case '-':
        interval_step(control, 0.5);
        break;
    case '?':
    case 'h':
        control->wants_help = true;
        break;
    case 'q':
        control->wants_end = true;
        break;
    default:
        move_key(control, key, table);
        break;
    }
}

bool top_control_key(struct top_control *control, int key, const struct top_table *table)
{
    if (control->wants_help) {
        control->wants_help = false;
        control->wants_end = key == 'q';
        return false;
    }
    if (control->is_typing) {
        filter_key(control, key);
        return false;
    }
    if (key >= '1' && key < '1' + TOP_LISTS)
        return view_take(control, (enum top_view_id)(key - '1'));
    switch (key) {
    case TOP_KEY_TAB:
        return view_step(control, 1);
    case TOP_KEY_BACK_TAB:
        return view_step(control, TOP_LISTS - 1);
    case TOP_KEY_ENTER:
        return place_enter(control, table);
    case TOP_KEY_ESCAPE:
        return place_leave(control);
    default:
        choice_key(control, key, table);
        return false;
    }
}
